import { encodeBeaconEntry } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { signRound } from '../../../test/signed-rounds.ts'
import { createTestChain, type TestChain } from '../../../test/test-chain.ts'
import { beaconRoundFor, productionParams, readHead } from '../index.ts'
import { tables } from '../store/tables.ts'

const BLOCK_MS = 5_000
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

function openChain(): TestChain {
  const chain = createTestChain({
    genesis: { devnet: false, blockTimeMs: BLOCK_MS },
    params: productionParams(BLOCK_MS),
    blockTimeMs: BLOCK_MS,
  })
  chain.advance(3)
  return chain
}

const entry = (round: number): Uint8Array => encodeBeaconEntry({ round, signature: signRound(round) })
/** The round that is public a moment before the head's time and as much later. */
const roundAfter = (chain: TestChain, ms: number): number =>
  beaconRoundFor(chain.genesis, readHead(chain.state).timeMs + ms) - 1
const nextRound = (chain: TestChain): number => beaconRoundFor(chain.genesis, readHead(chain.state).timeMs)

function propose(chain: TestChain, afterMs: number, rounds: readonly number[]): string {
  const head = readHead(chain.state)
  const block = { height: head.height + 1, timeMs: head.timeMs + afterMs, txs: rounds.map(entry) }
  const verdict = chain.machine.processBlock(block)
  return verdict.accept ? 'accepted' : verdict.reason
}

describe('the clock of who makes blocks', () => {
  test('three days forward: a header further ahead of the beacon than its lead is refused', () => {
    const chain = openChain()
    for (const afterMs of [3 * DAY, 11 * MINUTE]) {
      expect(propose(chain, afterMs, [])).toContain('beyond what the beacon has proven')
      expect(propose(chain, afterMs, [nextRound(chain)])).toContain('beyond what the beacon has proven')
    }
    expect(propose(chain, 9 * MINUTE, [nextRound(chain)])).toBe('accepted')
  })

  test('an hour back: a header is later than the one before it', () => {
    expect(propose(openChain(), -60 * MINUTE, [])).toContain('not later')
  })

  test('a chain without a beacon makes blocks for its lead and no longer, and goes on with one newer round', () => {
    const chain = openChain()
    let made = 0
    for (; made < 200; made++) {
      if (propose(chain, BLOCK_MS, []) !== 'accepted') break
      chain.produce([], { beacon: false })
    }
    expect(Math.abs(made * BLOCK_MS - 10 * MINUTE)).toBeLessThan(2 * BLOCK_MS)
    const newest = roundAfter(chain, 50 * MINUTE)
    expect(propose(chain, 50 * MINUTE, [newest])).toBe('accepted')
    const head = readHead(chain.state)
    const proposal = { height: head.height + 1, timeMs: head.timeMs + 50 * MINUTE, candidates: [], beacon: [] }
    const txs = chain.machine.prepareBlock({ ...proposal, newest: { round: newest, signature: signRound(newest) } })
    expect(txs).toEqual([entry(newest)])
  })
})

describe('a round for the time of a block alone', () => {
  test('is taken when half of the lead is gone, above the newest, once and last', () => {
    const chain = openChain()
    const wanted = nextRound(chain)
    const [late, later] = [roundAfter(chain, 8 * MINUTE), roundAfter(chain, 8 * MINUTE + 3_000)]
    expect(propose(chain, 8 * MINUTE, [wanted, late])).toBe('accepted')
    expect(propose(chain, 8 * MINUTE, [late])).toBe('accepted')
    expect(propose(chain, 8 * MINUTE, [late, wanted])).toContain("item 0 is a beacon's entry")
    expect(propose(chain, 8 * MINUTE, [late, later])).toContain("item 0 is a beacon's entry")
    expect(propose(chain, 4 * MINUTE, [late])).toContain('does not need it')
    expect(propose(chain, 8 * MINUTE, [1])).toContain('does not need it')
  })

  test('comes beside four that epochs wait for, and gives no epoch its randomness', () => {
    const chain = openChain()
    for (let withheld = 0; withheld < 8; withheld++) chain.produce([], { beacon: false })
    const waiting = [...tables.wantedRounds.entries(chain.state, [])].map(({ parts }) => Number.parseInt(parts[0]!, 16))
    const late = roundAfter(chain, 9 * MINUTE)
    expect(propose(chain, 9 * MINUTE, [...waiting.slice(0, 4), late])).toBe('accepted')
    // The fifth that is waited for proves the time as well, and is waited for on.
    expect(propose(chain, 9 * MINUTE, waiting.slice(0, 5))).toBe('accepted')
    expect(propose(chain, 9 * MINUTE, [...waiting.slice(0, 5), late])).toContain("item 4 is a beacon's entry")
    const head = readHead(chain.state)
    const block = { height: head.height + 1, timeMs: head.timeMs + 9 * MINUTE, txs: waiting.slice(0, 5).map(entry) }
    chain.state.commit(chain.machine.finalizeBlock(block).writes)
    expect(tables.rounds.get(chain.state, waiting[3]!)).toBeDefined()
    expect(tables.rounds.get(chain.state, waiting[4]!)).toBeUndefined()
    expect(tables.wantedRounds.get(chain.state, waiting[4]!)).toBeDefined()
  })
})
