import { afterEach, expect, jest, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import type { SectorIn } from '../sectors/sector.ts'
import { checkSector, keepSectors } from './keep-sectors.ts'
import type { ProvingContext } from './proving-context.ts'
import { createSectorHealth } from './sector-health.ts'

afterEach(() => {
  jest.restoreAllMocks()
  jest.useRealTimers()
})

test.each([
  ['that the chain has ended meanwhile is no damage', false, []],
  ['that is still proven is damaged', true, [7]],
])('a sector that fails its check and %s', async (_, staysProven, damaged) => {
  const sector = { number: 7, phase: { state: 'proving', commR: new Uint8Array(32) } } as unknown as SectorIn<'proving'>
  let isProven = true
  const told: number[] = []
  const context = {
    ...{ folder: '/nowhere', volumes: { pathOf: () => '/nowhere/7' } },
    profile: { name: 'any' },
    store: { has: () => isProven, get: () => sector },
    health: { isDamaged: () => false, damaged: (number: number) => told.push(number) },
    prover: {
      check: () => {
        if (!staysProven) isProven = false
        return Promise.resolve('its folder is gone')
      },
    },
  } as unknown as ProvingContext
  expect([await checkSector(context, 7, new AbortController().signal), told]).toEqual([false, damaged])
})

test('what a challenge misses on a volume that is away is declared, and neither read nor sealed again, then or once it is back', async () => {
  jest.useFakeTimers()
  const sector = { number: 7, phase: { state: 'proving', partition: 0, commR: new Uint8Array(32) } }
  const health = createSectorHealth(createAlerts(() => {}))
  const mending: string[] = []
  const declared: unknown[] = []
  let isAway = true
  const mend = (what: string) => () => {
    mending.push(what)
    return Promise.reject(new Error('nothing is there'))
  }
  const context = {
    ...{ folder: '/nowhere', providerId: 1_000, profile: { name: 'any' }, log: () => {}, head: { height: () => 5 } },
    maintenance: () => [],
    ...{ health, alerts: createAlerts(() => {}) },
    volumes: {
      pathOf: () => '/disk/7',
      heldBack: () => [],
      away: () => (isAway ? ['/disk'] : []),
      awayFor: () => (isAway ? '/disk' : undefined),
      isSilent: () => false,
    },
    store: {
      ...{ has: () => true, get: () => sector, numbersIn: () => [7], inPartition: () => [7] },
      ...{ partitions: () => [0], countIn: () => 1, nextIn: () => undefined },
    },
    readiness: {
      ...{ sectorCursor: () => 0, sectorChecked: () => {}, checkedAtMs: () => Date.now() },
      checked: () => {},
      save: async () => {},
    },
    prover: {
      ...{ repairTree: mend('tree'), checkPieces: mend('pieces') },
      ...{ check: async () => null, rehearse: async () => ({ proveMs: 1 }), leave: () => {} },
    },
    chain: {
      members: async function* () {},
      challenge: async () => ({ deadline: 0 }),
      status: async () => ({ blockTimeMs: 500 }),
      params: async () => ({ provingPeriod: 60 }),
    },
    lanes: { send: async (_lane: number, _kind: string, body: object) => void declared.push(body) },
  } as unknown as ProvingContext
  const running = new AbortController()
  health.damaged(7, 'its folder is gone')
  const kept = keepSectors(context, running.signal)
  await jest.advanceTimersByTimeAsync(20_000)
  expect(declared[0]).toEqual({ provider: 1_000, partition: 0, sectors: [7] })
  isAway = false
  await jest.advanceTimersByTimeAsync(20_000)
  expect(health.list()).toEqual([])
  expect(mending).toEqual([])
  running.abort()
  await kept
})

test('a partition is rehearsed twice a period and a sector proven alone in its turn, however late the lot would have it', async () => {
  jest.useFakeTimers()
  jest.spyOn(Math, 'random').mockReturnValue(1 - 2 ** -30)
  const sector = { number: 7, phase: { state: 'proving', partition: 0, commR: new Uint8Array(32) } }
  const rehearsedMs: number[] = []
  const provenMs: number[] = []
  const context = {
    ...{ folder: '/nowhere', providerId: 1_000, profile: { name: 'any' }, log: () => {}, head: { height: () => 5 } },
    maintenance: () => [],
    ...{ health: createSectorHealth(createAlerts(() => {})), alerts: createAlerts(() => {}) },
    volumes: { pathOf: () => '/disk/7', heldBack: () => [], away: () => [], awayFor: () => undefined },
    store: {
      // The sectors that are proven alone are over by then.
      ...{
        has: (number: number) => number === 7,
        get: () => sector,
        numbersIn: () => [],
        inPartition: () => [7],
        partitions: () => [0],
      },
      // A week's round of so many is one each 6 s.
      ...{ countIn: () => 100_800, nextIn: () => 8 },
    },
    readiness: {
      ...{ sectorCursor: () => 0, sectorChecked: () => provenMs.push(Date.now()), save: async () => {} },
      checkedAtMs: () => rehearsedMs.at(-1),
      checked: () => rehearsedMs.push(Date.now()),
    },
    prover: { rehearse: async () => ({ proveMs: 1 }) },
    chain: {
      members: async function* () {},
      status: async () => ({ blockTimeMs: 500 }),
      params: async () => ({ provingPeriod: 60 }),
    },
  } as unknown as ProvingContext
  const running = new AbortController()
  const kept = keepSectors(context, running.signal)
  await jest.advanceTimersByTimeAsync(120_000)
  running.abort()
  await kept
  const longest = (times: readonly number[]) => Math.max(...times.slice(1).map((time, i) => time - times[i]!))
  expect([rehearsedMs.length, longest(rehearsedMs)]).toEqual([9, 15_000])
  expect([provenMs.length, longest(provenMs)]).toEqual([20, 6_000])
})
