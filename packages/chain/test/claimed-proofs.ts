/**
 * Sectors of a provider whose proofs are taken on its word, so that a test can have many of them: all rules are the real
 * ones but what is behind a bundle, which claims to be right or wrong by its first byte.
 */
import { fromHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { computeCommD, parsePieceCid, pieceCidV2, postBundleBytes } from '@granary/proofs/verify'
import type { MessageBodies, SectorPreCommit } from '@granary/protocol/messages'
import { recoverSigner } from '../src/engine/verification/recover-signer.ts'
import type { Verifiers } from '../src/state/index.ts'
import type { TestChain } from './test-chain.ts'
import { PROFILE } from './test-sealer.ts'
import { wholePartitions } from './whole-partitions.ts'

const RIGHT = 1

/** For createTestChain. The chain's own beacon is taken as verified, too: it takes longer than all else in a block. */
export const claimedProofs: Verifiers = {
  signer: recoverSigner,
  beacon: () => true,
  poRep: ({ bundle }) => (bundle[0] === RIGHT ? { ok: true } : { ok: false, reason: 'LABEL_MISMATCH' }),
  post: ({ bundle }) => (bundle[0] === RIGHT ? { ok: true } : { ok: false, reason: 'REPLICA_NOT_IN_COMM_R' }),
}

/** A piece of half a sector. */
export function claimedPiece(seed: number): { pieceCid: string; pieceSize: number; payloadSize: number } {
  const root = new Uint8Array(32).fill(seed & 0x3f)
  return { pieceCid: pieceCidV2({ root, paddedSize: 1024, payloadSize: 1000 }), pieceSize: 1024, payloadSize: 1000 }
}

export function claimedSector(
  chain: TestChain,
  given: Pick<SectorPreCommit, 'number' | 'deals' | 'expiry'> & { readonly pieceCids: readonly string[] },
): SectorPreCommit {
  const { number, deals, expiry, pieceCids } = given
  const pieces = pieceCids.map((pieceCid) => ({ root: parsePieceCid(pieceCid).root, paddedSize: 1024 }))
  const commD = computeCommD(pieces, profileNamed(PROFILE).sectorBytes)
  const commR = new Uint8Array(32).fill(1 + (number % 60))
  return { number, profile: PROFILE, commD, commR, ticketEpoch: chain.height, deals, expiry }
}

export function claimedPoRep(right = true): Uint8Array {
  return Uint8Array.of(right ? RIGHT : 0)
}

/** The answer to the open challenge, or recovery, of a partition; undefined when it has none. */
export function claimedAnswer(
  chain: TestChain,
  provider: number,
  partition: number,
  right = true,
  skipped: readonly number[] = [],
): MessageBodies['SubmitPost'] | undefined {
  const [view] = wholePartitions(chain.state, provider, partition === 0 ? undefined : partition - 1, 1)
  const open = view?.challenge ?? view?.recovery
  if (view?.number !== partition || open === undefined) return undefined
  const profile = profileNamed(PROFILE)
  const randomness = fromHex(open.randomness)
  const sectors = open.sectors.length
  const length = postBundleBytes({ profile, provider, partition, randomness, count: open.count, sectors, skipped })
  const bundle = new Uint8Array(length)
  bundle[0] = right ? RIGHT : 0
  return { provider, partition, challengeEpoch: open.epoch, skipped, bundle }
}
