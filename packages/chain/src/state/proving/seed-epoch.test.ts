import { hashOf } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { claimedPoRep, claimedProofs, claimedSector } from '../../../test/claimed-proofs.ts'
import { profilesWith } from '../../../test/profiles-with.ts'
import { signRound } from '../../../test/signed-rounds.ts'
import { createTestChain, fund, registerProvider, type TestChain } from '../../../test/test-chain.ts'
import { faultOfTimes } from '../governance/param-bounds.ts'
import { productionParams, readHead, roundTimeMs, sectorView, seedEntropyOf } from '../index.ts'
import { tables } from '../store/tables.ts'
import { u64 } from './randomness.ts'

/** Who seals may see a round this much before the blocks' time says that it is public. */
const CLOCK_TOLERANCE_MS = 10_000

/** The smallest delays with which a genesis of that block time is taken. */
function smallestParams(blockTimeMs: number): ChainParams {
  const params = { ...productionParams(blockTimeMs), seedMarginMs: 13_000, cutoff: 1, seedDelay: 1 }
  while (faultOfTimes(params, 3_000)?.startsWith('seedDelay')) params.seedDelay += 1
  while (faultOfTimes(params, 3_000)?.startsWith('cutoff')) params.cutoff += 1
  expect(faultOfTimes(params, 3_000)).toBeUndefined()
  return { ...params, allowInsecure: true, profiles: profilesWith({ '2KiB-test': 5 }) }
}

function chainOf(params: ChainParams, devnet = false): TestChain {
  const { blockTimeMs } = params
  return createTestChain({ genesis: { devnet, blockTimeMs }, params, blockTimeMs, verifiers: claimedProofs })
}

/** A pre-commit, and all that its sender could know of its seed while the block that holds it could still be another. */
function commit(chain: TestChain): {
  readonly known: ReadonlySet<string>
  readonly seed: string
  readonly epoch: number
} {
  const owner = fund(chain, 3)
  const provider = registerProvider(chain, owner)
  const expiry = chain.height + chain.genesis.params.commitExpiry + chain.genesis.params.dealDurationMin + 100
  const sector = claimedSector(chain, { number: 0, deals: [], expiry, pieceCids: [] })
  chain.does(owner, 'PreCommitSectors', { provider, sectors: [sector] })
  chain.produce()
  const knownUntilMs = readHead(chain.state).timeMs + CLOCK_TOLERANCE_MS
  for (;;) {
    const { seed, seedEpoch } = sectorView(chain.state, provider, 0)!
    if (seed === undefined || seedEpoch === undefined) {
      const proof = chain.sign(owner, 'ProveCommitSector', { provider, number: 0, bundle: claimedPoRep() })
      expect(chain.machine.checkTx(proof, 0)).toMatchObject({ code: 'SEED_NOT_READY', retryable: true })
      chain.produce()
      continue
    }
    const known = new Set<string>()
    const entropy = seedEntropyOf(provider, 0, sector.commR)
    for (let round = 1; roundTimeMs(chain.genesis, round) <= knownUntilMs; round++) {
      const value = sha256(concatBytes(u64(2), sha256(signRound(round)), u64(seedEpoch), entropy))
      value[31]! &= 0x3f
      known.add(hashOf(value))
    }
    chain.does(owner, 'ProveCommitSector', { provider, number: 0, bundle: claimedPoRep() })
    return { known, seed, epoch: seedEpoch }
  }
}

test.each([1_000, 2_500, 5_000, 30_000, 60_000])(
  'seed known early: with the smallest delays that a genesis takes, at blocks of %i ms, no round that is public gives it',
  (blockTimeMs) => {
    const { known, seed } = commit(chainOf(smallestParams(blockTimeMs)))
    expect(known.size).toBeGreaterThan(3)
    expect(known.has(seed)).toBe(false)
  },
)

test('without those delays it is known: one epoch of a minute is none', () => {
  const { known, seed } = commit(chainOf({ ...smallestParams(60_000), seedDelay: 1, seedMarginMs: 0 }, true))
  expect(known.has(seed)).toBe(true)
})

test('a seed is of the epoch after the first block that is late enough, for good', () => {
  const params = { ...smallestParams(5_000), seedMarginMs: 60_000 }
  const chain = chainOf(params)
  const { epoch } = commit(chain)
  const { preCommitEpoch } = sectorView(chain.state, 1_000, 0)!
  const timeOf = (at: number): number => tables.epochs.get(chain.state, at)!.timeMs
  const fromMs = Math.max(timeOf(preCommitEpoch + 1), tables.epochs.get(chain.state, preCommitEpoch)!.provenMs) + 60_000
  expect(timeOf(epoch - 1)).toBeGreaterThanOrEqual(fromMs)
  expect(timeOf(epoch - 2)).toBeLessThan(fromMs)
  chain.advance(5)
  expect(sectorView(chain.state, 1_000, 0)).toMatchObject({ seedEpoch: epoch })
})
