/** A sector that stores nothing, with the real verifier: a bundle is made for the challenges of a seed that is known. */
import { fromHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { type PoRepInput, verifyPoRep } from '@granary/proofs/verify'
import { hashOf } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { forgedPoRep } from '../../../../proofs/test/porep-parts.ts'
import { profilesWith } from '../../../test/profiles-with.ts'
import { signRound } from '../../../test/signed-rounds.ts'
import { createTestChain, fund, registerProvider } from '../../../test/test-chain.ts'
import { PROFILE } from '../../../test/test-sealer.ts'
import { productionParams, randomnessView, readHead, roundTimeMs, sectorView, seedEntropyOf } from '../index.ts'
import { u64 } from './randomness.ts'

const SEED_TAG = 2

test('forging a replica for a known seed: it stores nothing, and no seed is over what was forged for it', () => {
  // Worse than any chain that is taken: the seed's round is public in the block of the pre-commit.
  const params = {
    ...productionParams(60_000),
    seedDelay: 1,
    seedMarginMs: 0,
    allowInsecure: true,
    profiles: profilesWith({ '2KiB-test': 5 }),
  }
  const chain = createTestChain({ genesis: { devnet: true, blockTimeMs: 60_000 }, params, blockTimeMs: 60_000 })
  const owner = fund(chain, 3)
  const provider = registerProvider(chain, owner)
  const number = 0
  const ticketEpoch = chain.height
  const ticket = bytesOf(randomnessView(chain.state, { tag: 'TICKET', epoch: ticketEpoch, provider, sector: number })!)
  const preCommitAt = chain.height + 1
  const seedEpoch = preCommitAt + 1
  // The first that is not public yet by the time of the pre-commit's block, and is three seconds later.
  const round = roundsUntil(readHead(chain.state).timeMs + 60_000) + 1

  // By the rule of before, the seed did not depend on what is committed to.
  const seedOver = (entropy: Uint8Array, round: number): Uint8Array => {
    const seed = sha256(concatBytes(u64(SEED_TAG), sha256(signRound(round)), u64(seedEpoch), entropy))
    seed[31]! &= 0x3f
    return seed
  }
  const forgeFor = (entropy: Uint8Array, round: number): PoRepInput => {
    const about = { ...{ provider, sectorNumber: number, ticket }, seed: seedOver(entropy, round) }
    return forgedPoRep({ ...about, profile: profileNamed(PROFILE) }, { dataNode: new Uint8Array(32) })
  }
  const withoutCommR = forgeFor(concatBytes(u64(provider), u64(number)), round)
  expect(verifyPoRep(withoutCommR)).toEqual({ ok: true })
  // Knowing the rule, for a CommR that is then another one, as the bundle follows from the seed.
  const guessed = forgeFor(seedEntropyOf(provider, number, withoutCommR.commR), round)
  expect(verifyPoRep(guessed)).toEqual({ ok: true })
  expect(guessed.commR).not.toEqual(withoutCommR.commR)

  const { commD, commR } = guessed
  const expiry = chain.height + params.commitExpiry + params.dealDurationMin + 100
  const sector = { number, profile: PROFILE, commD, commR, ticketEpoch, deals: [], expiry }
  chain.does(owner, 'PreCommitSectors', { provider, sectors: [sector] })
  while (sectorView(chain.state, provider, number)!.seed === undefined) chain.produce()
  // The round was the right one: only what the seed is over has changed.
  const seed = hashOf(seedOver(seedEntropyOf(provider, number, commR), round))
  expect(sectorView(chain.state, provider, number)).toMatchObject({ seedEpoch, seed })
  const bundle = chain.sign(owner, 'ProveCommitSector', { provider, number, bundle: guessed.bundle })
  const verdict = chain.machine.checkTx(bundle, 0)
  expect(['POREP_INVALID', 'BUNDLE_LENGTH_WRONG']).toContain(verdict.code)
  expect(sectorView(chain.state, provider, number)).toMatchObject({ state: 'precommitted' })

  function roundsUntil(timeMs: number): number {
    let last = 0
    while (roundTimeMs(chain.genesis, last + 1) <= timeMs) last += 1
    return last
  }
})

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex)
}
