import { describe, expect, test } from '@jest/globals'
import type { Clock, ClockEvent } from './clock.ts'
import { createBeaconClock } from './create-beacon-clock.ts'
import { createBlockTimes } from './create-block-times.ts'
import { createLocalClock } from './create-local-clock.ts'

const beacon = { publicKey: `0x${'00'.repeat(96)}`, genesisTimeMs: 1_000_000, periodMs: 3_000 } as const
const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR
/** When the node starts: a second after round 1,000. */
const START = 3_998 * SECOND
const LEAD = 600 * SECOND

interface World {
  readonly clock: Clock
  readonly log: (ClockEvent | { readonly type: string })[]
  /** How far the clock is from the time; undefined: it shows none. */
  errorMs(): number | undefined
  /** True time and even time pass; each round is heard of 300 ms after it is public, unless nobody tells. */
  pass(ms: number, given?: { relays?: boolean }): void
  /** Time passes that the machine does not count, as while it is suspended. */
  sleep(ms: number): void
  setMachine(aheadMs: number): void
  /** What the newest relay says at once. */
  hear(round?: number): void
  /** The next block, as an engine makes it. @returns why not */
  block(): string
  headTimeMs: number
}

interface Given {
  /** Of the machine's clock at the start. */
  readonly aheadMs?: number
  readonly trust?: boolean
  readonly headTimeMs?: number
}

function world({ aheadMs = 0, trust = false, headTimeMs = START - 5 * SECOND }: Given = {}): World {
  let trueMs = START
  let evenMs = 50_000
  let machineAheadMs = aheadMs
  const log: World['log'] = []
  const time = { monotonicMs: () => evenMs, machineMs: () => trueMs + machineAheadMs }
  const clock = createBeaconClock({ beacon, time, trust, log: (event) => void log.push(event) })
  const roundAt = (ms: number): number => Math.floor((ms - beacon.genesisTimeMs) / beacon.periodMs) + 1
  /** On the chain: what the beacon has proven. */
  let provenMs = headTimeMs
  const publicMs = (round: number | undefined): number =>
    round === undefined ? 0 : beacon.genesisTimeMs + (round - 1) * beacon.periodMs
  const times = createBlockTimes({
    clock,
    blockTimeMs: 5 * SECOND,
    latestMs: () => Math.max(provenMs, publicMs(clock.status.newestRound)) + LEAD,
    monotonicMs: time.monotonicMs,
    log: ({ code }) => void log.push({ type: code }),
  })
  const self: World = {
    clock,
    log,
    headTimeMs,
    errorMs: () => {
      const nowMs = clock.nowMs()
      return nowMs === undefined ? undefined : nowMs - trueMs
    },
    pass: (ms, { relays = true } = {}) => {
      for (let passed = 0; passed < ms; passed += 100) {
        trueMs += 100
        evenMs += 100
        const round = roundAt(trueMs - 300)
        if (relays && round !== roundAt(trueMs - 400)) clock.heard(round)
      }
    },
    sleep: (ms) => {
      trueMs += ms
    },
    setMachine: (ms) => {
      machineAheadMs = ms
    },
    hear: (round = roundAt(trueMs)) => clock.heard(round),
    block: () => {
      const timeMs = times.next(self.headTimeMs)
      if (timeMs === undefined) return times.stalled?.code ?? 'a moment'
      self.headTimeMs = timeMs
      provenMs = Math.max(provenMs, publicMs(clock.status.newestRound))
      return 'made'
    },
  }
  return self
}

describe('at a start', () => {
  test.each([
    ['right', 0],
    ['a little ahead', 9 * SECOND],
  ])('a machine whose clock is %s is taken at its word with the first round', (_, aheadMs) => {
    const given = world({ aheadMs })
    expect(given.block()).toBe('CLOCK_UNPROVEN')
    given.hear()
    expect([given.errorMs(), given.clock.status.trust]).toEqual([aheadMs, 'proven'])
    expect(given.block()).toBe('made')
  })

  test.each([
    ['an hour', -HOUR],
    ['half a minute', -30 * SECOND],
  ])('a clock that is %s behind is set by the first round, and the log says so', (_, aheadMs) => {
    const given = world({ aheadMs })
    given.hear()
    // The round is a second old.
    expect(given.errorMs()).toBe(-1 * SECOND)
    expect(given.log).toEqual([{ type: 'clock:proven', round: 1_000, aheadMs: aheadMs + SECOND }])
  })

  test.each([
    ['nine minutes', 9 * 60 * SECOND],
    ['half a minute', 30 * SECOND],
  ])('a clock that is %s ahead is set by three rounds, and no block is made before', (_, aheadMs) => {
    const given = world({ aheadMs })
    given.hear()
    let waitedMs = 0
    for (; given.block() === 'CLOCK_UNPROVEN'; waitedMs += 100) given.pass(100)
    expect(waitedMs).toBeLessThanOrEqual(9 * SECOND)
    expect(Math.abs(given.errorMs()!)).toBeLessThan(SECOND)
    expect(given.log.at(-1)).toMatchObject({ type: 'clock:proven', aheadMs: expect.closeTo(aheadMs, -4) })
  })

  test.each([
    ['that is three days ahead is not set back by the beacon', 3 * DAY, 0],
    ['that is right is not set back by relays that replay the rounds of yesterday', 0, DAY],
  ])('a clock %s: no block is made, and both times are said', (_, aheadMs, agoMs) => {
    const given = world({ aheadMs, headTimeMs: START - 2 * DAY })
    for (let at = 0; at < 100; at++) {
      given.hear(at + 1_000 - agoMs / beacon.periodMs)
      given.pass(3 * SECOND, { relays: false })
    }
    expect([given.block(), given.errorMs(), given.clock.status.trust]).toEqual([
      'CLOCK_UNPROVEN',
      undefined,
      'unproven',
    ])
    expect(given.clock.status.dispute!.clockMs).toBe(START + 300 * SECOND + aheadMs)
    expect(given.clock.status.dispute!.beaconMs).toBeCloseTo(START + 300 * SECOND - agoMs, -4)
    expect(given.log).toContainEqual({ type: 'clock:ahead', round: expect.any(Number), aheadMs: expect.any(Number) })
  })

  test('--trust-clock is not set back by relays that replay the rounds of yesterday, and makes no block with them', () => {
    const given = world({ trust: true, headTimeMs: START - 2 * DAY })
    for (let at = 0; at < 100; at++) {
      given.hear(at + 1_000 - DAY / beacon.periodMs)
      given.pass(3 * SECOND, { relays: false })
    }
    expect([given.block(), given.errorMs(), given.clock.status.trust]).toEqual(['BEACON_SILENT', 0, 'trusted'])
    given.pass(4 * SECOND)
    expect([given.block(), given.errorMs(), given.clock.status.trust]).toEqual(['made', 0, 'proven'])
  })

  test('a relay that begins with an old round does not set a right clock back', () => {
    const given = world()
    given.hear(900)
    expect(given.errorMs()).toBeUndefined()
    given.pass(3 * SECOND)
    expect(given.errorMs()).toBe(0)
  })

  test('without a relay no block is made, and it is said each minute', () => {
    const given = world({ aheadMs: 30 * SECOND })
    for (let second = 0; second < 150; second++) {
      expect(given.block()).toBe('CLOCK_UNPROVEN')
      given.pass(SECOND, { relays: false })
    }
    expect(given.log).toEqual(Array(3).fill({ type: 'CLOCK_UNPROVEN' }))
    given.pass(12 * SECOND)
    expect(given.block()).toBe('made')
  })

  test('--trust-clock takes the clock of the machine without a relay, for as long as blocks are made without', () => {
    const given = world({ trust: true })
    expect([given.block(), given.clock.status.trust]).toEqual(['made', 'trusted'])
    given.pass(LEAD, { relays: false })
    expect(given.block()).toBe('BEACON_SILENT')
    given.hear()
    expect([given.block(), given.clock.status.trust, given.errorMs()]).toEqual(['made', 'proven', 0])
  })

  test('--trust-clock with a clock that is days ahead makes no block, and one before the head waits for it', () => {
    const ahead = world({ trust: true, aheadMs: 3 * DAY })
    expect(ahead.block()).toBe('BEACON_SILENT')
    ahead.pass(12 * SECOND)
    expect([ahead.block(), ahead.errorMs()]).toEqual(['BEACON_SILENT', 3 * DAY])
    // The node before may have been ahead by the second that a round takes to come.
    const behind = world({ trust: true, headTimeMs: START + SECOND })
    behind.pass(900, { relays: false })
    expect(behind.block()).not.toBe('made')
    behind.pass(200, { relays: false })
    expect(behind.block()).toBe('made')
    expect(world({ trust: true, aheadMs: -HOUR }).block()).toBe('HEAD_AHEAD')
  })

  test('a head that is ahead of the time, or a genesis for next week, is waited for', () => {
    const given = world({ headTimeMs: START + 9 * 60 * SECOND })
    given.hear()
    expect(given.block()).toBe('HEAD_AHEAD')
    given.pass(9 * 60 * SECOND - SECOND)
    expect(given.block()).toBe('HEAD_AHEAD')
    given.pass(2 * SECOND)
    expect(given.block()).toBe('made')
    const near = world({ headTimeMs: START + SECOND })
    near.hear()
    expect([near.block(), near.log.map(({ type }) => type)]).toEqual(['a moment', ['clock:proven']])
  })
})

describe('while it runs', () => {
  function running(): World {
    const given = world()
    given.hear()
    given.pass(30 * SECOND)
    expect(given.block()).toBe('made')
    return given
  }

  test.each([
    ['three days forward', 3 * DAY],
    ['an hour back', -HOUR],
    ['30 s forward', 30 * SECOND],
    ['30 s back', -30 * SECOND],
  ])("setting the machine's clock %s, and right again, has no effect", (_, aheadMs) => {
    const given = running()
    const before = given.headTimeMs
    given.setMachine(aheadMs)
    given.pass(60 * SECOND)
    expect([given.errorMs(), given.block()]).toEqual([0, 'made'])
    given.setMachine(0)
    given.pass(60 * SECOND)
    expect([given.errorMs(), given.block()]).toEqual([0, 'made'])
    expect(given.headTimeMs - before).toBe(120 * SECOND)
    expect(given.log.filter((event) => event.type === 'clock:stepped')).toEqual([])
  })

  test('a machine that was suspended for three days goes on with the next round', () => {
    const given = running()
    given.sleep(3 * DAY)
    given.pass(4 * SECOND)
    expect(Math.abs(given.errorMs()!)).toBeLessThan(SECOND)
    expect(given.log.at(-1)).toMatchObject({ type: 'clock:stepped' })
    expect(given.block()).toBe('made')
  })

  test('a beacon that is silent stops the chain after `clockLead`, and one block follows when it is back', () => {
    const given = running()
    let made = 0
    for (let second = 0; second < 3_600; second += 5) {
      if (given.block() === 'made') made += 1
      given.pass(5 * SECOND, { relays: false })
    }
    expect(made * 5 * SECOND).toBeGreaterThan(LEAD - 10 * SECOND)
    expect(made * 5 * SECOND).toBeLessThan(LEAD + 10 * SECOND)
    expect(given.block()).toBe('BEACON_SILENT')
    expect(given.clock.status.silentMs).toBeGreaterThan(3_590 * SECOND)
    given.hear()
    expect([given.block(), given.errorMs()]).toEqual(['made', 0])
  })

  test('a beacon that makes up for an outage quickly does not set the clock back', () => {
    const given = running()
    given.pass(HOUR, { relays: false })
    for (let late = 1_012; late < 2_200; late++) {
      given.hear(late)
      given.pass(500, { relays: false })
    }
    expect(given.log.filter(({ type }) => type !== 'clock:proven' && type !== 'BEACON_SILENT')).toEqual([])
  })

  test('one that makes up for it slowly does not either: a step back of more than a minute is only said', () => {
    const given = running()
    given.pass(HOUR, { relays: false })
    for (let late = 1_012; late < 1_112; late++) {
      given.hear(late)
      given.pass(2_500, { relays: false })
    }
    expect(given.errorMs()).toBe(0)
    expect(given.log.at(-1)).toMatchObject({ type: 'clock:ahead', aheadMs: expect.any(Number) })
  })

  test('relays that lie about the time: handing out rounds too slowly they drag the clock back by no more than a minute in all', () => {
    const given = running()
    for (let round = 1_012; round < 1_912; round++) {
      given.hear(round)
      given.pass(4 * SECOND, { relays: false })
    }
    expect(given.errorMs()).toBeLessThan(-50 * SECOND)
    expect(given.errorMs()).toBeGreaterThanOrEqual(-60 * SECOND)
    expect(given.clock.status).toMatchObject({ trust: 'proven', dispute: { clockMs: expect.any(Number) } })
    expect(given.log.at(-1)).toMatchObject({ type: 'clock:ahead' })
    expect(given.block()).toBe('BEACON_SILENT')
    // One honest relay is enough, and a minute is not to be had twice.
    given.hear()
    expect([given.block(), given.clock.status.dispute]).toEqual(['made', undefined])
    const behindMs = given.errorMs()!
    expect(behindMs).toBeGreaterThanOrEqual(-3 * SECOND)
    for (let round = given.clock.status.newestRound! + 1, at = 0; at < 100; at++) {
      given.hear(round + at)
      given.pass(4 * SECOND, { relays: false })
    }
    expect(given.errorMs()).toBeGreaterThanOrEqual(behindMs - 10 * SECOND)
  })

  test('a clock that runs too fast is set back by three rounds that come as they are made', () => {
    const given = world({ aheadMs: 8 * SECOND })
    given.hear()
    expect(given.errorMs()).toBe(8 * SECOND)
    given.pass(12 * SECOND)
    expect(Math.abs(given.errorMs()!)).toBeLessThan(SECOND)
    expect(given.log.at(-1)).toMatchObject({ type: 'clock:stepped' })
  })
})

describe('on a devnet', () => {
  function devnet(headTimeMs = 0): {
    at(evenMs: number, machineMs: number): number
  } {
    const now = { even: 0, machine: 1_000_000 }
    const time = { monotonicMs: () => now.even, machineMs: () => now.machine }
    const clock = createLocalClock(time, headTimeMs)
    return {
      at: (evenMs, machineMs) => {
        Object.assign(now, { even: evenMs, machine: machineMs })
        return clock.nowMs()!
      },
    }
  }

  test('time is that of the machine at the start and passes evenly, whatever that is set back to', () => {
    const { at } = devnet()
    expect([at(0, 1_000_000), at(500, 1_000_500), at(1_000, 0), at(1_500, 1_004_000)]).toEqual([
      1_000_000, 1_000_500, 1_001_000, 1_001_500,
    ])
  })

  test('it goes along with a machine that is more than ten seconds ahead, as after a sleep', () => {
    const { at } = devnet()
    expect([at(1_000, 1_010_999), at(1_100, 1_100_000), at(1_200, 1_000_000)]).toEqual([
      1_001_000, 1_100_000, 1_100_100,
    ])
  })

  test('behind the head it goes on from there', () => {
    const { at } = devnet(2_000_000)
    expect([at(0, 1_000_000), at(500, 1_000_500)]).toEqual([2_000_001, 2_000_501])
  })
})
