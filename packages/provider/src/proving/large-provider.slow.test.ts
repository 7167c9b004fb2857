/**
 * What a provider asks of its chain and of its store by itself does not grow with its sectors. Time is made up, and so are the chain's
 * state and the proofs; client, store, follower, proving and health are as they are.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { profileNamed } from '@granary/proofs/profile'
import { createChainClient } from '@granary/protocol/client'
import { accountSigner } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { createMemoryFeed } from '../../test/fake-feed.ts'
import { BLOCK_TIME_MS, createLargeChain, type LargeChain, PROVIDER } from '../../test/large-chain.ts'
import { volumesIn } from '../../test/volumes-in.ts'
import { createAlerts } from '../alerts.ts'
import { createChainFollower } from '../chain/follow-chain.ts'
import { watchHealth } from '../health/watch-health.ts'
import { createMeans } from '../market/agreement-chain.ts'
import { createSectorStore } from '../sectors/store.ts'
import { openStore } from '../storage/open-store.ts'
import { createWork } from '../work/create-work.ts'
import type { Prover } from './prover.ts'

const COMM_R = `0x${'11'.repeat(32)}` as const
/** Of the event loop, for what is answered without a wait. */
const TURNS = 10
const STARTED_BLOCKS = 10
const FIRST_CHECKS = 1_000
const WATCHED_BLOCKS = 100
/** Ten kilobytes a second. */
const BYTES_A_BLOCK_MAX = 30_000
const REQUESTS_A_BLOCK_MAX = 6
/** With those of the block itself. */
const REQUESTS_AN_ANSWER_MAX = 13
const ROWS_A_BLOCK_MAX = 150

let folder: string
const closers: (() => Promise<void> | void)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-large-'))
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance'] })
  jest.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(async () => {
  const closing = Promise.all(closers.splice(0).map((close) => close()))
  await jest.advanceTimersByTimeAsync(10_000)
  jest.useRealTimers()
  jest.restoreAllMocks()
  await closing
  rmSync(folder, { recursive: true, force: true })
})

interface Counted {
  readonly requests: number
  readonly bytes: number
  readonly rows: number
}

interface LargeProvider {
  readonly chain: LargeChain
  readonly alerts: readonly object[]
  counted(): Counted
  /** Of the statements that were run. */
  readonly scans: Set<string>
  blocks(count: number): Promise<void>
  rehearsed(): number
}

function startLarge(partitions: number, sectorsEach: number): LargeProvider {
  const profile = profileNamed('2KiB-test')
  const own = join(folder, `${partitions}-${sectorsEach}`)
  const plain = openStore(`${own}.sqlite`)
  closers.push(() => plain.close())
  createSectorStore(plain)
  const phase = { state: 'proving', commR: COMM_R, activatedAt: 1, expiry: 9_000_000, finalized: true }
  plain
    .prepare(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       INSERT INTO sectors (number, state, phase, opened_at_ms)
       SELECT n, 'proving', json_set(?, '$.partition', (n - 1) / ${sectorsEach}), 0 FROM numbers`,
    )
    .run(partitions * sectorsEach, JSON.stringify(phase))
  const scans = new Set<string>()
  let rows = 0
  let rehearsed = 0
  const db = countingStore(plain, scans, (read) => {
    rows += read
  })
  const made = createLargeChain({ partitions, sectorsEach, profile: profile.name, commR: COMM_R })
  const chain = createChainClient({ url: 'http://localhost', fetch: made.fetch })
  const alerts = createAlerts(() => {})
  const follower = createChainFollower({ chain, from: 1_000 })
  const prover: Prover = {
    answer: async () => ({ bundle: new Uint8Array(1_000), proveMs: 1 }),
    rehearse: async () => {
      rehearsed += 1
      return { proveMs: 1 }
    },
    check: async () => {
      rehearsed += 1
      return null
    },
    repairTree: async () => null,
    checkPieces: async () => null,
    stop: async () => {},
  }
  const profiles = [profile]
  const work = createWork({
    ...{ db, folder, follower, chain, alerts, prover, profile, profiles, providerId: PROVIDER, sealAfterMs: 0 },
    blockTimeMs: BLOCK_TIME_MS,
    ends: {
      isDealOver: async () => true,
      isDealRunning: async () => true,
      isSectorOver: async () => true,
      goesOn: () => {},
    },
    volumes: volumesIn(own),
    parentsDir: join(folder, 'parents'),
    signer: accountSigner(new Uint8Array(32).fill(7)),
    deals: createMemoryFeed(),
    queue: { run: () => Promise.reject(new Error('nothing is sealed here')), slots: () => 0 },
    witness: { numbered: () => {} },
    securePieces: async () => true,
  })
  const sectors = createSectorStore(db)
  const health = watchHealth({
    ...{ chain, heard: follower.heard, alerts, providerId: PROVIDER, folder, diskReserveBytes: () => 0, log: () => {} },
    rolesMissing: () => [],
    isKeyWaiting: () => false,
    sessionKey: async () => ({ publicKey: COMM_R, scopes: [], expires: 9_000_000, spendingLimit: '9', spent: '0' }),
    means: createMeans({ chain, providerId: PROVIDER, profiles, partitions: () => sectors.countPartitions() }),
  })
  follower.start()
  work.start()
  health.start()
  closers.unshift(
    () => work.stop(),
    () => follower.stop(),
    () => health.stop(),
  )
  return {
    ...{ chain: made, scans },
    alerts: alerts.list(),
    counted: () => {
      const { requests, bytes } = made.counted()
      return { requests, bytes, rows }
    },
    rehearsed: () => rehearsed,
    blocks: async (count) => {
      for (let block = 0; block < count; block++) {
        made.next()
        await jest.advanceTimersByTimeAsync(BLOCK_TIME_MS)
        for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate)
      }
    },
  }
}

/** A store that says how many rows it has given, and which statements walk through a whole table. */
function countingStore(db: DatabaseSync, scans: Set<string>, onRows: (count: number) => void): DatabaseSync {
  const counting = (statement: StatementSync, sql: string): StatementSync => {
    let walks: readonly string[] | undefined
    const planned = (): void => {
      const details = (): string[] =>
        db
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all()
          .map(({ detail }) => String(detail))
      walks ??= details().filter((detail) => /^SCAN (?!sqlite_schema|CONSTANT)/.test(detail))
      for (const walk of walks) scans.add(walk)
    }
    return new Proxy(statement, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...words: unknown[]): unknown => {
          const result: unknown = value.apply(target, words)
          if (name === 'all' || name === 'get' || name === 'run') planned()
          if (name === 'all') onRows((result as unknown[]).length)
          if (name === 'get' && result !== undefined) onRows(1)
          return result
        }
      },
    })
  }
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'prepare') return (sql: string) => counting(target.prepare(sql), sql)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

interface Steady extends Counted {
  /** Requests, in the block of one challenge. */
  readonly answer: number
  readonly scanned: readonly string[]
}

/** By the block. */
async function steady(partitions: number, sectorsEach: number): Promise<Steady> {
  const provider = startLarge(partitions, sectorsEach)
  // What follows a start: each partition together, and the first sectors alone.
  const first = partitions + Math.min(partitions * sectorsEach, FIRST_CHECKS)
  while (provider.rehearsed() < first) await new Promise(setImmediate)
  await provider.blocks(STARTED_BLOCKS)
  provider.scans.clear()
  const before = provider.counted()
  await provider.blocks(WATCHED_BLOCKS)
  const after = provider.counted()
  provider.chain.challenge(3)
  await provider.blocks(1)
  expect(provider.chain.counted().answered).toBe(1)
  const answer = provider.counted().requests - after.requests
  expect(provider.alerts).toEqual([])
  const perBlock = (name: keyof Counted): number => (after[name] - before[name]) / WATCHED_BLOCKS
  const r = {
    requests: perBlock('requests'),
    bytes: perBlock('bytes'),
    rows: perBlock('rows'),
    answer,
    scanned: [...provider.scans].toSorted(),
  }
  return r
}

test('what is asked a block does not grow with the sectors', async () => {
  const small = await steady(100, 10)
  for (const large of [await steady(100, 100), await steady(1_000, 10)]) {
    expect(large.answer).toBeLessThan(REQUESTS_AN_ANSWER_MAX)
    expect(large.requests).toBeLessThan(REQUESTS_A_BLOCK_MAX)
    expect(large.bytes).toBeLessThan(BYTES_A_BLOCK_MAX)
    expect(large.rows).toBeLessThan(ROWS_A_BLOCK_MAX)
    expect(large.scanned).toEqual(small.scanned)
  }
  // The messages that are on their way, and the open challenges.
  expect(small.scanned).toEqual(['SCAN outbox', 'SCAN posts USING COVERING INDEX sqlite_autoindex_posts_1'])
}, 60_000)
