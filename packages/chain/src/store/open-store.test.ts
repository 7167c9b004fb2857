import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Address, type Hash, hashOf, type MessageName } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { rootKey } from './deal-keys.ts'
import { openStore, type Store } from './open-store.ts'
import type { BlockCommit, DealKeys } from './records.ts'
import { SCHEMA_VERSION } from './schema.ts'

let folder: string
let path: string
let store: Store

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-store-'))
  path = join(folder, 'chain.sqlite')
  store = open()
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

function open(): Store {
  return openStore({ path, dealKeys: (_, deal) => keysOf(deal) })
}

/** One root in the two versions of its CID. */
const ROOT_V0 = 'QmRruLqm9AoVoXPoJyn1TVMy1Yho814XpLqHYqGWhzWo9p'
const ROOT = rootKey(ROOT_V0)

function keysOf(deal: number): DealKeys {
  const keys = { deal, pieceCid: `piece${deal % 2}`, client: `client${deal % 3}`, provider: 1000 + (deal % 2) }
  return deal % 2 === 0 ? { ...keys, rootCid: ROOT } : keys
}

const ADDRESS: Address = `0x${'ab'.repeat(20)}`
const hash = (byte: number): Hash => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`
const bytes = (...values: number[]) => Uint8Array.from(values)

function blockAt(height: number, over: Partial<BlockCommit> = {}): BlockCommit {
  return {
    block: {
      height,
      timeMs: 1000 * height,
      hash: hash(height),
      header: bytes(1),
      signature: bytes(2),
      appHash: hash(100 + height),
    },
    txs: [],
    events: [],
    writes: new Map(),
    ...over,
  }
}

test('proofs of old blocks are dropped, and what their blocks are bound to stays', () => {
  const tx = (idx: number, kind: MessageName, ...values: number[]) => ({
    id: hash(idx),
    kind,
    code: 'OK',
    fee: 0n,
    executionMs: 0,
    bytes: bytes(...values),
    events: [],
  })
  for (const height of [0, 1, 2, 3]) {
    const txs = [tx(3 * height, 'Transfer', 1), tx(3 * height + 1, 'SubmitPost', 2, height)]
    store.commitBlock(blockAt(height, { txs: [...txs, tx(3 * height + 2, 'ProveCommitSector', 3)] }))
  }
  const digests = [0, 1, 2, 3].map((height) => store.txDigestsOf(height))
  expect(digests[2]).toEqual([bytes(1), bytes(2, 2), bytes(3)].map((each) => sha256(each)))
  expect([store.dropProofs(0, 2), store.dropProofs(0, 2), store.dropProofs(1, 3)]).toEqual([4, 0, 2])
  expect([0, 1, 2, 3].map((height) => store.txBytesOf(height))).toEqual([
    ...Array(3).fill([bytes(1), undefined, undefined]),
    [bytes(1), bytes(2, 3), bytes(3)],
  ])
  expect([0, 1, 2, 3].map((height) => store.txDigestsOf(height))).toEqual(digests)
  expect(store.txsOf(1)).toHaveLength(3)
  expect(store.faults()).toEqual([])
})

test('the state reads in key order, within a prefix, behind a key, beyond one part', () => {
  const keys = Array.from({ length: 300 }, (_, index) => `a/${String(index).padStart(4, '0')}`)
  const writes = new Map(['b/0', ...keys, 'a'].map((key, index) => [key, bytes(index % 256)]))
  store.commitBlock(blockAt(0, { writes }))
  const { reader } = store
  expect(Array.from(reader.range('a/'), ([key]) => key)).toEqual(keys)
  expect(Array.from(reader.range('a/', 'a/0298'), ([key]) => key)).toEqual(['a/0299'])
  expect(Array.from(reader.range('a/', 'b'), ([key]) => key)).toEqual([])
  expect(Array.from(reader.range('b'), ([key]) => key)).toEqual(['b/0'])
  expect(reader.get('b/0')).toEqual(bytes(0))
  expect(reader.get('c')).toBeUndefined()
})

test('a block replaces and deletes state, and names what it wrote', () => {
  store.commitBlock(
    blockAt(0, {
      writes: new Map([
        ['x', bytes(1)],
        ['y', bytes(1)],
      ]),
    }),
  )
  store.commitBlock(
    blockAt(1, {
      writes: new Map([
        ['x', bytes(2)],
        ['y', null],
      ]),
    }),
  )
  expect(store.reader.get('x')).toEqual(bytes(2))
  expect(store.reader.get('y')).toBeUndefined()
  expect(store.lastWritten()).toEqual(['x', 'y'])
  expect(store.head()).toEqual(blockAt(1).block)
})

test('the state of each of the last hundred blocks can still be read, and no older one', () => {
  const valueAt = (height: number) => (height % 3 === 0 ? null : bytes(height))
  for (let height = 0; height <= 110; height++) {
    const writes = new Map([
      ['counter', valueAt(height)],
      [`block/${String(height).padStart(3, '0')}`, bytes(1)],
    ])
    store.commitBlock(blockAt(height, { writes }))
  }
  for (const height of [10, 11, 50, 108, 109, 110]) {
    const then = store.readerAt(height)!
    expect(then.get('counter')).toEqual(valueAt(height) ?? undefined)
    const blocks = Array.from(then.range('block/'), ([key]) => Number(key.slice(6)))
    expect(blocks).toEqual(Array.from({ length: height + 1 }, (_, index) => index))
    expect(Array.from(then.range('block/', 'block/007'))).toHaveLength(height - 7)
    expect(Array.from(then.range(''))).toHaveLength(height + 1 + (valueAt(height) === null ? 0 : 1))
  }
  for (const height of [-1, 0, 9, 111]) expect(store.readerAt(height)).toBeUndefined()
})

test('transactions and events are found again, each event under its transaction or its block', () => {
  const transfer = { type: 'transfer', from: ADDRESS, to: ADDRESS, amount: '1' } as const
  const missed = { type: 'post:missed', provider: 1000, partition: 0, epoch: 2 } as const
  const tx = {
    id: hash(9),
    kind: 'Transfer',
    code: 'INSUFFICIENT_FUNDS',
    message: 'm',
    hint: 'h',
    fee: 10n ** 30n,
    executionMs: 1.5,
    bytes: bytes(7, 7),
    events: [transfer],
  } as const
  const entry = {
    id: null,
    kind: 'BeaconEntry',
    code: 'OK',
    fee: 0n,
    executionMs: 0,
    bytes: bytes(1),
    events: [],
  } as const
  store.commitBlock(blockAt(3, { txs: [entry, tx], events: [missed] }))
  const { bytes: _, events: __, ...record } = tx
  expect(store.tx(hash(9))).toEqual({ ...record, height: 3, index: 1 })
  expect(store.txsOf(3).map(({ id }) => id)).toEqual([null, hash(9)])
  expect(store.txBytesOf(3)).toEqual([bytes(1), bytes(7, 7)])
  expect(store.eventsOfTx(3, 1)).toEqual([transfer])
  expect(store.eventsAfter({ height: 3, index: -1 }, 10)).toHaveLength(2)
  expect(store.eventsAfter({ height: 3, index: 0 }, 10)).toEqual([{ height: 3, index: 1, event: missed }])
  expect(store.eventCountOf(3)).toBe(2)
})

test('deals are found by each of their keys, and page by page', () => {
  const who = { agreementId: hash(2), provider: 1000, client: ADDRESS }
  const published = { type: 'deal:published', ...who, pieceCid: 'piece', epoch: 1, locked: '1' } as const
  const events = Array.from({ length: 6 }, (_, index) => ({ ...published, deal: index + 1 }))
  const tx = { id: hash(1), kind: 'PublishDeal', code: 'OK', fee: 0n, executionMs: 0, bytes: bytes(1), events } as const
  store.commitBlock(blockAt(1, { txs: [tx] }))
  expect(store.findDeals({}, 0, 4)).toEqual([1, 2, 3, 4])
  expect(store.findDeals({}, 4, 4)).toEqual([5, 6])
  expect(store.findDeals({ pieceCid: 'piece1' }, 0, 9)).toEqual([1, 3, 5])
  for (const rootCid of [ROOT, ROOT_V0]) expect(store.findDeals({ rootCid }, 0, 9)).toEqual([2, 4, 6])
  expect(store.findDeals({ client: 'client0', provider: 1000 }, 0, 9)).toEqual([6])
  expect(store.findDeals({ client: 'nobody' }, 0, 9)).toEqual([])
})

test('a block that cannot be written whole leaves nothing', () => {
  store.commitBlock(blockAt(0))
  const tx = {
    id: hash(1),
    kind: 'Transfer',
    code: 'OK',
    fee: 0n,
    executionMs: 0,
    bytes: bytes(1),
    events: [],
  } as const
  const twice = blockAt(1, { txs: [tx, tx], writes: new Map([['x', bytes(1)]]) })
  expect(() => store.commitBlock(twice)).toThrow(/UNIQUE/)
  expect(store.head()?.height).toBe(0)
  expect(store.reader.get('x')).toBeUndefined()
  store.commitBlock(blockAt(1))
  expect(store.head()?.height).toBe(1)
})

test('what was committed is there after the file is opened again', () => {
  store.commitBlock(blockAt(0, { writes: new Map([['x', bytes(5)]]) }))
  store.close()
  store = open()
  expect(store.reader.get('x')).toEqual(bytes(5))
})

test('a file that is open cannot be opened a second time', () => {
  expect(() => open()).toThrow(expect.objectContaining({ code: 'HOME_LOCKED', details: { folder } }))
})

test('a file of another schema version, or of something else, is refused by name', () => {
  const newer = join(folder, 'newer.sqlite')
  const database = new DatabaseSync(newer)
  database.exec('PRAGMA user_version = 99')
  database.close()
  const garbage = join(folder, 'garbage.sqlite')
  writeFileSync(garbage, 'this is no database '.repeat(100))
  const openAt = (other: string) => () => openStore({ path: other, dealKeys: (_, deal) => keysOf(deal) })
  expect(openAt(newer)).toThrow(expect.objectContaining({ code: 'STORE_VERSION_UNKNOWN' }))
  expect(openAt(garbage)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
})

test('a record of the state that is encoded otherwise raises the version of the store: an older file cannot be read', () => {
  const spec = readFileSync(new URL('../../../../docs/spec/records.md', import.meta.url), 'utf8')
  const state = new TextEncoder().encode(spec.slice(spec.indexOf('## The state')))
  // Another hash wants another version beside it, where a release has written the one before.
  expect([SCHEMA_VERSION, hashOf(sha256(state))]).toEqual([
    8,
    '0x80fcab9b356ed7875ecf04391c7de9b674d8457f8d37ff7409f77d5acea2662d',
  ])
})
