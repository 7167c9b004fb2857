import { isDerived } from '@granary/protocol/header'
import { encodeBeaconEntry } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { profilesWith } from '../../../test/profiles-with.ts'
import { BEACON_KEY, ROUNDS_STORED, signRound } from '../../../test/signed-rounds.ts'
import { createTestChain, GENESIS_TIME_MS, type TestChain } from '../../../test/test-chain.ts'
import {
  beaconKeyFrom,
  beaconPublicKey,
  beaconRoundFor,
  randomnessView,
  readHead,
  roundTimeMs,
  signBeaconRound,
  verifyBeaconRound,
} from '../index.ts'
import { tables } from '../store/tables.ts'
import { roundsKept } from './randomness.ts'

// drand's own test vector: https://github.com/drand/drand-client, chain quicknet, round 1000.
const QUICKNET =
  '0x83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a'
const ROUND_1000 = 'b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39'

test('a published round of quicknet verifies, and has the published randomness', () => {
  const signature = hexToBytes(ROUND_1000)
  expect(verifyBeaconRound(QUICKNET, 1000, signature)).toBe(true)
  expect(verifyBeaconRound(QUICKNET, 1001, signature)).toBe(false)
  expect(bytesToHex(sha256(signature))).toBe('fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd')
})

test('a local key signs in the same scheme', () => {
  const key = beaconKeyFrom(new Uint8Array(48).fill(3))
  const signature = signBeaconRound(key, 5)
  expect(signature).toHaveLength(48)
  expect(verifyBeaconRound(beaconPublicKey(key), 5, signature)).toBe(true)
  expect(verifyBeaconRound(beaconPublicKey(BEACON_KEY), 5, signature)).toBe(false)
  expect(verifyBeaconRound(beaconPublicKey(key), 5, new Uint8Array(48))).toBe(false)
})

test('the rounds that test chains have at hand are what their key signs', () => {
  expect(ROUNDS_STORED).toBeGreaterThan(600)
  for (let round = 1; round <= ROUNDS_STORED; round += 71) {
    expect([round, bytesToHex(signRound(round))]).toEqual([round, bytesToHex(signBeaconRound(BEACON_KEY, round))])
  }
})

test('the round of an epoch is the first that is not public at the time of the block before it', () => {
  const { genesis } = createTestChain()
  const rounds = [0, 1, 2_999, 3_000, 6_001].map((ms) => beaconRoundFor(genesis, GENESIS_TIME_MS + ms))
  expect(rounds).toEqual([2, 2, 2, 3, 4])
  for (const ms of [0, 1, 2_999, 3_000, 6_001]) {
    const round = beaconRoundFor(genesis, GENESIS_TIME_MS + ms)
    expect(roundTimeMs(genesis, round)).toBeGreaterThan(GENESIS_TIME_MS + ms)
    expect(roundTimeMs(genesis, round - 1)).toBeLessThanOrEqual(GENESIS_TIME_MS + ms)
  }
})

describe('a block', () => {
  function propose(chain: TestChain, txs: Uint8Array[]): string {
    const head = readHead(chain.state)
    const verdict = chain.machine.processBlock({ height: head.height + 1, timeMs: head.timeMs + 500, txs })
    return verdict.accept ? 'accepted' : verdict.reason
  }
  const entry = (round: number, signature = signBeaconRound(BEACON_KEY, round)): Uint8Array =>
    encodeBeaconEntry({ round, signature })

  test('brings the round that its epoch asks for, once, and no other', () => {
    const chain = createTestChain()
    expect(propose(chain, [entry(2)])).toBe('accepted')
    expect(propose(chain, [entry(1)])).toContain('no epoch waits for beacon round 1')
    expect(propose(chain, [entry(3)])).toContain('no epoch waits for beacon round 3')
    expect(propose(chain, [entry(2, signBeaconRound(BEACON_KEY, 3))])).toContain('not signed')
    expect(propose(chain, [entry(2), entry(2)])).toContain('no epoch waits for beacon round 2')
    chain.produce()
    expect(propose(chain, [entry(2)])).toContain('no epoch waits')
    expect(chain.blocks[0]!.txs).toHaveLength(1)
    chain.advance(5)
    expect(chain.blocks.slice(1).every((block) => block.txs.length === 0)).toBe(true)
    chain.produce()
    expect(chain.blocks[6]!.txs).toHaveLength(1)
  })

  test('may do without; the epoch has its randomness when the round comes', () => {
    const chain = createTestChain()
    chain.produce([], { beacon: false })
    const query = { tag: 'TICKET', epoch: 1, provider: 1000, sector: 0 } as const
    expect(randomnessView(chain.state, query)).toBeUndefined()
    chain.produce()
    expect(randomnessView(chain.state, query)).toMatch(/^0x[0-9a-f]{64}$/)
    expect(randomnessView(chain.state, { ...query, epoch: 2 })).not.toBe(randomnessView(chain.state, query))
    expect(randomnessView(chain.state, { ...query, sector: 1 })).not.toBe(randomnessView(chain.state, query))
    expect(randomnessView(chain.state, { ...query, tag: 'SEED' })).not.toBe(randomnessView(chain.state, query))
  })

  test('withholding a beacon round: once it is later than `beaconLateness` its epochs draw no challenges', () => {
    const chain = createTestChain({ blockTimeMs: 1_000, params: { beaconLatenessMs: 4_000 } })
    const given = () => chain.events.filter((event) => event.type === 'challenge:void')
    // Round 2 is public 3 s after the genesis: the block at 7 s waits, the one at 8 s gives up whom it is late for.
    for (let height = 1; height <= 7; height++) chain.produce([], { beacon: false })
    expect(given()).toEqual([])
    chain.produce([], { beacon: false })
    expect(given()).toMatchObject([1, 2, 3].map((epoch) => ({ epoch, reason: 'BEACON_LATE', height: 8 })))
    // Those that are not late yet are drawn when their round comes, in their order.
    chain.produce()
    expect(given()).toHaveLength(3)
    expect(tables.draws.get(chain.state)).toMatchObject({ through: 9 })
  })

  test('brings four rounds at most, before all else, so that an outage of any length is caught up with', () => {
    const chain = createTestChain({ blockTimeMs: 5_000 })
    const OUTAGE = 30
    for (let count = 0; count < OUTAGE; count++) chain.produce([], { beacon: false })
    const waiting = Array.from({ length: 5 }, (_, epoch) =>
      beaconRoundFor(chain.genesis, GENESIS_TIME_MS + 5_000 * epoch),
    )
    const transfer = chain.sign(chain.faucet, 'Transfer', { to: chain.faucet.address, amount: 1n })
    expect(
      propose(
        chain,
        waiting.slice(0, 4).map((round) => entry(round)),
      ),
    ).toBe('accepted')
    expect(
      propose(
        chain,
        waiting.map((round) => entry(round)),
      ),
    ).toContain('at most 4 of them')
    expect(propose(chain, [transfer, entry(1)])).toContain('at most 4 of them')
    const drawn = (epoch: number): boolean =>
      randomnessView(chain.state, { tag: 'SEED', epoch, provider: 1000, sector: 0 }) !== undefined
    // Each block brings the round of its own epoch and three that are late.
    chain.advance(OUTAGE / 3 - 1)
    expect([drawn(1), drawn(OUTAGE)]).toEqual([true, false])
    chain.advance(1)
    expect(Array.from({ length: chain.height }, (_, index) => drawn(index + 1))).not.toContain(false)
  })

  test('old rounds are forgotten', () => {
    const profiles = profilesWith({ '2KiB-test': 5 })
    const params = { ticketMaxAge: 10, commitExpiry: 10, provingPeriod: 20, profiles }
    const chain = createTestChain({ params, blockTimeMs: 3_000 })
    // Past the first period, in which the table of the permutation fills.
    chain.advance(roundsKept(chain.genesis.params) + 10)
    const at = (epoch: number): unknown => randomnessView(chain.state, { tag: 'SLOT', epoch, provider: 0, sector: 0 })
    expect(at(10)).toBeUndefined()
    expect(at(11)).toBeDefined()
    const records = () => [...chain.state.range('')].filter(([key]) => !isDerived(key)).length
    const before = records()
    chain.advance(10)
    expect(records()).toBe(before)
  })
})
