/** A provider's real work at the smallest profile: pieces on disk, sealed sectors, proofs. For tests. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { createPieceHasher } from '@granary/proofs/piece'
import { provePoRep } from '@granary/proofs/porep'
import { provePost } from '@granary/proofs/post'
import { type ProfileName, profileNamed } from '@granary/proofs/profile'
import { type SealedSector, sealSector } from '@granary/proofs/seal'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { MessageBodies, Signer } from '@granary/protocol/messages'
import { draw, entropyOf, type FinalizedBlock, sectorView } from '../src/state/index.ts'
import type { TxResult } from '../src/state/machine/execute-tx.ts'
import type { TestChain } from './test-chain.ts'
import { wholePartitions } from './whole-partitions.ts'

export const PROFILE: ProfileName = '2KiB-test'

export interface TestPiece {
  readonly path: string
  readonly pieceCid: string
  readonly payloadSize: number
  readonly paddedSize: number
}

export type TestAnswer = Pick<MessageBodies['SubmitPost'], 'challengeEpoch' | 'skipped' | 'bundle'>

export interface TestSealer {
  piece(seed: number, payloadSize: number): Promise<TestPiece>
  seal(number: number, ticketEpoch: number, pieces: readonly TestPiece[]): Promise<SealedSector>
  /** @param seed @default the one that the chain has drawn */
  proveSector(number: number, seed?: Uint8Array): Promise<Uint8Array>
  /** A block with an answer to each open challenge of the provider, and a request for each partition that is faulty. */
  answer(): Promise<FinalizedBlock>
  /** The answer to the open challenge of a partition, without what it skips. */
  prove(partition: number, skipped?: readonly number[]): Promise<TestAnswer>
}

export function createTestSealer(chain: TestChain, provider: number, signer: Signer, folder: string): TestSealer {
  const profile = profileNamed(PROFILE)
  const parentsDir = join(folder, 'parents')
  const dirOf = (number: number): string => join(folder, 'sectors', String(number))

  const self: TestSealer = {
    piece: async (seed, payloadSize) => {
      const bytes = new Uint8Array(payloadSize).map((_, index) => (seed * 31 + index * 7) % 256)
      const hasher = createPieceHasher()
      hasher.write(bytes)
      const commitment = hasher.digest()
      const path = join(folder, `piece-${seed}`)
      await mkdir(folder, { recursive: true })
      await writeFile(path, bytes)
      return { path, pieceCid: pieceCidV2(commitment), payloadSize, paddedSize: commitment.paddedSize }
    },
    seal: async (number, ticketEpoch, pieces) => {
      const ticket = draw(chain.state, 'TICKET', ticketEpoch, entropyOf(provider, number))
      if (ticket === undefined) throw new Error(`no ticket of epoch ${ticketEpoch}`)
      await mkdir(dirOf(number), { recursive: true })
      return sealSector({ profile, provider, sectorNumber: number, ticket, pieces, dir: dirOf(number), parentsDir })
    },
    proveSector: async (number, given) => {
      const drawn = sectorView(chain.state, provider, number)?.seed
      const seed = given ?? (drawn === undefined ? undefined : fromHex(drawn))
      if (seed === undefined) throw new Error(`sector ${number} has no seed yet`)
      return provePoRep({ dir: dirOf(number), seed, parentsDir })
    },
    prove: async (partition, skipped = []) => {
      const view = wholePartitions(chain.state, provider, undefined, 100).find((each) => each.number === partition)
      const challenge = view?.challenge ?? view?.recovery
      if (challenge === undefined) throw new Error(`partition ${partition} has no open challenge`)
      const bundle = await provePost({
        profile,
        provider,
        partition,
        randomness: fromHex(challenge.randomness),
        count: challenge.count,
        sectors: challenge.sectors.map(({ number }) => ({ number, dir: dirOf(number) })),
        skipped,
      })
      return { challengeEpoch: challenge.epoch, skipped, bundle }
    },
    answer: async () => {
      const views = wholePartitions(chain.state, provider, undefined, 100)
      const txs: Uint8Array[] = []
      for (const view of views) {
        const { number: partition } = view
        const lane = 1 + partition
        if (view.challenge !== undefined || view.recovery !== undefined) {
          const body = { provider, partition, ...(await self.prove(partition)) }
          txs.push(chain.sign(signer, 'SubmitPost', body, { lane }))
        } else if (view.faulty && view.recoveryRequestedAt === undefined && !isBarred(view)) {
          txs.push(chain.sign(signer, 'RequestRecovery', { provider, partition, sectors: [] }, { lane }))
        }
      }
      const block = chain.produce(txs)
      const failed = block.results.find((result: TxResult) => result.code !== 'OK')
      if (failed !== undefined) throw new Error(`${failed.kind} failed: ${failed.code}: ${failed.message}`)
      return block
    },
  }
  const isBarred = ({ recoveryBarredUntil = 0 }: { recoveryBarredUntil?: number }): boolean =>
    chain.height + 1 < recoveryBarredUntil
  return self
}
