import { tmpdir } from 'node:os'
import { type ErrorCode, GranaryError } from '@granary/base'
import type { ChainStatus, MemberView, PartitionView, SessionKeyView } from '@granary/protocol/client'
import { mount } from '@granary/protocol/http'
import type { ChainParams } from '@granary/protocol/records'
import { expect, test } from '@jest/globals'
import express from 'express'
import { type Alerts, createAlerts } from '../alerts.ts'
import { foldOutages } from '../fold-outages.ts'
import { healthRoutes } from '../http/health.ts'
import { listen } from '../http/listen.ts'
import { type Log, withTimeAndLevel } from '../log.ts'
import { type HealthWatch, watchHealth } from './watch-health.ts'

const START_MS = 1_000_000
const wireError = (code: ErrorCode) =>
  new GranaryError({ code, message: `it is ${code}`, hint: 'look', retryable: true })

const SECTORS = 2

interface World {
  nowMs: number
  height: number
  stalled: string | null
  failure: Error | undefined
  balance: bigint
  feesOfProofs: bigint
  faultySectors: number[]
  lastProven: number
  askValidUntil: number
  sessionKey: Pick<SessionKeyView, 'expires' | 'spent' | 'spendingLimit'> | undefined
  isKeyWaiting: boolean
  /** Undefined: that of this machine. */
  chainTimeMs: number | undefined
  diskReserveBytes: number
  rolesMissing: readonly string[]
}

/** The watch on a chain, a disk and an account that a test changes, with what the provider then answers and logs. */
function watched(): {
  world: World
  watch: () => HealthWatch
  alerts: Alerts
  logged: Record<string, unknown>[]
  log: Log
  ask: (path: string) => Promise<{ status: number; codes: string[] }>
} {
  const world: World = {
    ...{ nowMs: START_MS, height: 7, stalled: null, failure: undefined, balance: 10n, feesOfProofs: 0n },
    ...{
      faultySectors: [],
      rolesMissing: [],
      diskReserveBytes: 16,
      lastProven: 1,
      askValidUntil: 1_000_000,
      chainTimeMs: undefined,
    },
    sessionKey: { expires: 1e9, spent: '890', spendingLimit: '1000' },
    isKeyWaiting: false,
  }
  const logged: Record<string, unknown>[] = []
  const everyLine = withTimeAndLevel(
    (event) => logged.push(event),
    () => world.nowMs,
  )
  const atStake = () => ({ sectors: 3, deals: 5, locked: '70' })
  const alerts = createAlerts(everyLine, () => world.nowMs, atStake)
  const log = foldOutages(everyLine, alerts)
  const made = new Map<number, HealthWatch>()
  const watch = (): HealthWatch => {
    const known = made.get(world.diskReserveBytes)
    if (known !== undefined) return known
    const created = watchHealth({
      chain: {
        status: async () => {
          if (world.failure !== undefined) throw world.failure
          const timeMs = world.chainTimeMs ?? world.nowMs
          return { height: world.height, blockTimeMs: 500, timeMs, clock: { stalled: world.stalled } } as ChainStatus
        },
        params: async () => ({ provingPeriod: 100 }) as ChainParams,
        partitions: async () => [
          {
            number: 4,
            sectors: SECTORS,
            sound: SECTORS - world.faultySectors.length,
            lastProven: world.lastProven,
          } as PartitionView,
        ],
        async *members() {
          for (const number of world.faultySectors) yield { number } as MemberView
        },
      },
      means: async () => ({
        ...{
          freeCollateral: 0n,
          balance: world.balance,
          sectors: [{ sectorBytes: 2048, locked: 0n, fees: 10n }],
          partitionDeposit: 0n,
          feesOfProofs: world.feesOfProofs,
        },
      }),
      ...{ providerId: 1, alerts, log, folder: tmpdir(), diskReserveBytes: () => world.diskReserveBytes },
      rolesMissing: () => world.rolesMissing,
      sessionKey: async () => world.sessionKey as SessionKeyView | undefined,
      isKeyWaiting: () => world.isKeyWaiting,
      ask: () => ({ validUntil: world.askValidUntil, validMs: 80_000 }),
      nowMs: () => world.nowMs,
    })
    made.set(world.diskReserveBytes, created)
    return created
  }
  const ask = async (path: string): Promise<{ status: number; codes: string[] }> => {
    const listener = await listen('127.0.0.1', 0, { addressOf: () => undefined, connections: 1 })
    const app = express()
    mount(app, healthRoutes({ alerts, head: () => world.height }))
    listener.serve(app)
    const answer = await fetch(listener.url + path)
    const { reasons } = (await answer.json()) as { reasons: { code: string; hint: string }[] }
    await listener.close()
    return { status: answer.status, codes: reasons.map(({ code }) => code) }
  }
  return { world, watch, alerts, logged, log, ask }
}

const healthy = { status: 200, codes: [] }

test.each<[string, string, Partial<World>]>([
  ['a chain that is dead', 'CHAIN_UNREACHABLE', { failure: wireError('CHAIN_UNREACHABLE') }],
  ['a chain that is another', 'CHAIN_FOREIGN', { failure: wireError('CHAIN_FOREIGN') }],
  ['a chain that says why it makes no blocks', 'CHAIN_STOPPED', { stalled: 'BEACON_SILENT' }],
  ['a disk that is full', 'DISK_FULL', { diskReserveBytes: Number.MAX_SAFE_INTEGER }],
  ['no money for fees', 'FEES_SHORT', { balance: 9n }],
  ['a partition with a faulty sector', 'PARTITION_FAULTY', { faultySectors: [2] }],
  ['a partition that was not proven for two periods', 'PROOF_LATE', { lastProven: -300 }],
  ['a session key that the chain does not know', 'SESSION_KEY_ENDS', { sessionKey: undefined }],
  ['a session key that ends', 'SESSION_KEY_ENDS', { sessionKey: { expires: 9, spent: '0', spendingLimit: '100' } }],
  [
    'a session key that has spent its limit',
    'SESSION_KEY_ENDS',
    { sessionKey: { expires: 1e9, spent: '90', spendingLimit: '100' } },
  ],
  [
    'a session key whose limit is less than the next sector takes',
    'SESSION_KEY_ENDS',
    { sessionKey: { expires: 1e9, spent: '0', spendingLimit: '9' } },
  ],
  ['a clock that is wrong', 'CLOCK_WRONG', { height: 8, chainTimeMs: START_MS + 62_000 }],
])('%s: not healthy and not ready, with the reason, as long as it is so', async (_, code, change) => {
  const { world, watch, alerts, logged, ask } = watched()
  const sound = { ...world }
  await watch().check()
  expect([await ask('/healthz'), await ask('/readyz'), logged]).toEqual([healthy, healthy, []])
  Object.assign(world, change)
  for (let count = 0; count < 6; count += 1) await watch().check()
  const told = { status: 503, codes: [code] }
  expect([await ask('/healthz'), await ask('/readyz')]).toEqual([told, told])
  if (code === 'CHAIN_FOREIGN') alerts.clear(code)
  Object.assign(world, sound)
  for (let count = 0; count < 6; count += 1) await watch().check()
  expect(await ask('/healthz')).toEqual(healthy)
  expect(logged.map(({ type }) => type)).toEqual(['alert', 'alert:over'])
  expect(logged[0]).toMatchObject({
    ...{ code, level: 'alert', time: new Date(START_MS).toISOString(), hint: expect.stringMatching(/.{4}/) },
    atStake: { sectors: 3, deals: 5, locked: '70' },
  })
})

test('between the block that has the next key and the taking up of it nothing is told; that it is not taken up is', async () => {
  const { world, watch, logged } = watched()
  const look = async (): Promise<void> => {
    for (let count = 0; count < 5; count += 1) await watch().check()
  }
  const { sessionKey } = world
  Object.assign(world, { sessionKey: undefined, isKeyWaiting: true })
  await look()
  Object.assign(world, { sessionKey, isKeyWaiting: false })
  await look()
  Object.assign(world, { sessionKey: undefined, isKeyWaiting: true })
  await look()
  expect(logged).toEqual([])
  await look()
  expect(logged).toMatchObject([{ type: 'alert', code: 'SESSION_KEY_ENDS' }])
})

test('a chain that makes no blocks for half a minute is stopped, until it makes one', async () => {
  const { world, watch, ask } = watched()
  await watch().check()
  world.nowMs += 29_000
  await watch().check()
  expect(await ask('/healthz')).toEqual(healthy)
  world.nowMs += 1_000
  await watch().check()
  expect(await ask('/healthz')).toEqual({ status: 503, codes: ['CHAIN_STOPPED'] })
  world.height += 1
  await watch().check()
  expect(await ask('/healthz')).toEqual(healthy)
})

test('money that pays for the proofs of less than seven periods more is told, and keeps it from nothing', async () => {
  const { world, watch, ask, logged } = watched()
  const looked = async (balance: bigint): Promise<unknown> => {
    Object.assign(world, { balance, feesOfProofs: 5n })
    logged.length = 0
    for (let count = 0; count < 6; count += 1) await watch().check()
    return [(await ask('/readyz')).codes, logged.map(({ type, code }) => `${type} ${code}`)]
  }
  expect(await looked(10n + 35n)).toEqual([[], []])
  expect(await looked(10n + 34n)).toEqual([[], ['alert FEES_LOW']])
  expect(logged[0]).toMatchObject({ message: expect.stringContaining('6 periods'), stake: 'proofs' })
  expect(await looked(10n + 4n)).toEqual([['FEES_SHORT'], ['alert:over FEES_LOW', 'alert FEES_SHORT']])
  expect(await looked(10n + 35n)).toEqual([[], ['alert:over FEES_SHORT']])
})

test('an ask that has ended, or should have been renewed, makes it not ready', async () => {
  const { world, watch, ask } = watched()
  world.askValidUntil = world.height + 19
  await watch().check()
  expect([await ask('/healthz'), await ask('/readyz')]).toEqual([healthy, { status: 503, codes: ['ASK_ENDS'] }])
  world.askValidUntil = world.height + 100
  for (let count = 0; count < 6; count += 1) await watch().check()
  expect(await ask('/readyz')).toEqual(healthy)
})

test('a role that no volume takes makes it not ready, until one does', async () => {
  const { world, watch, ask } = watched()
  world.rolesMissing = ['sealing']
  await watch().check()
  expect([await ask('/healthz'), (await ask('/readyz')).codes]).toEqual([healthy, ['VOLUMES_MISSING']])
  world.rolesMissing = []
  await watch().check()
  expect(await ask('/readyz')).toEqual(healthy)
})

test('a queue that is away makes it not ready, and leaves it healthy', async () => {
  const { alerts, ask } = watched()
  alerts.raise({ code: 'QUEUE_UNAVAILABLE', message: 'no Redis', hint: 'start it' })
  expect([await ask('/healthz'), (await ask('/readyz')).codes]).toEqual([healthy, ['QUEUE_UNAVAILABLE']])
})

test('an outage is one line and its end another, whatever fails meanwhile because of it', async () => {
  const { world, watch, log, logged } = watched()
  await watch().check()
  world.failure = wireError('CHAIN_UNREACHABLE')
  for (let count = 0; count < 20; count += 1) {
    log({ type: 'sector:retry', sector: 1, code: 'CHAIN_UNREACHABLE', message: 'no answer' })
    await watch().check()
  }
  log({ type: 'sector:retry', sector: 1, code: 'SEALING_FAILED', message: 'something else' })
  world.failure = undefined
  await watch().check()
  log({ type: 'sector:retry', sector: 1, code: 'CHAIN_UNREACHABLE', message: 'once more' })
  await watch().check()
  expect(logged.map(({ type, level, code }) => [type, level, code])).toEqual([
    ['alert', 'alert', 'CHAIN_UNREACHABLE'],
    ['sector:retry', 'warn', 'SEALING_FAILED'],
    ['alert:over', 'info', 'CHAIN_UNREACHABLE'],
    ['alert', 'alert', 'CHAIN_UNREACHABLE'],
    ['alert:over', 'info', 'CHAIN_UNREACHABLE'],
  ])
})

test('a look that outlasts the watch says nothing: what it would speak of is closed', async () => {
  const { world, watch, logged } = watched()
  world.failure = wireError('CHAIN_UNREACHABLE')
  const looking = watch().check()
  watch().stop()
  await looking
  expect(logged).toEqual([])
})
