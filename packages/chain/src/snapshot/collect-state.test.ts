/** A state that is collected while blocks are made, and taken over elsewhere: the same whatever happens meanwhile. */

import { encodeRecord } from '@granary/protocol/codec'
import { APP_HASH_KEY } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { GENESIS_KEY, genesisHash, genesisStruct } from '@granary/protocol/records'
import { afterEach, expect, test } from '@jest/globals'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { deriveState, devnetGenesis } from '../state/index.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import { collectState } from './collect-state.ts'
import { appHashOfHead } from './snapshot-format.ts'
import { framesOf } from './state-frames.ts'
import { takeState } from './take-state.ts'

const RECORDS = 4_200
const HASH: Hash = `0x${'11'.repeat(32)}`
const GENESIS = devnetGenesis({
  validator: `0x${'22'.repeat(32)}`,
  beaconPublicKey: `0x${'33'.repeat(96)}`,
  faucet: `0x${'44'.repeat(20)}`,
  timeMs: 1_790_000_000_000,
})

const stores: Store[] = []
afterEach(() => {
  for (const store of stores.splice(0)) store.close()
})

function emptyStore(): Store {
  const store = openStore({ path: ':memory:', dealKeys })
  stores.push(store)
  return store
}

const block = (height: number): BlockRecord => ({
  height,
  timeMs: height,
  hash: HASH,
  header: Uint8Array.of(height % 256),
  signature: new Uint8Array(0),
  appHash: HASH,
})

const value = (text: string | number): Uint8Array => utf8ToBytes(`value of ${text}`)

function seeded(count = RECORDS): { store: Store; records: ReadonlyMap<string, Uint8Array> } {
  const store = emptyStore()
  const records = new Map(Array.from({ length: count }, (_, index) => [`account/${index}`, value(index)]))
  records
    .set(GENESIS_KEY, encodeRecord(genesisStruct, GENESIS))
    .set('head', value('head'))
    .set('totals', value('totals'))
  const restoration = store.restoration()
  restoration.add(records)
  restoration.finish(block(7))
  return { store, records }
}

/** The next block changes, removes and adds some records, and what stands beside the tree. */
function makeBlock(store: Store): void {
  const { height } = store.head()!
  const at = (index: number): string => `account/${(height * 7_919 + index * 104_729) % RECORDS}`
  const changed = Array.from({ length: 40 }, (_, index) => [at(index), index % 5 === 0 ? null : value(height)] as const)
  const added = [`account/new-${height}`, value(height)] as const
  const writes = new Map([...changed, added, ['head', value(height)] as const, ['rewards', value(height)] as const])
  store.commitBlock({ block: block(height + 1), txs: [], events: [], writes })
}

async function all(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  for await (const frame of frames) found.push(frame)
  return found
}

test.each([0, 3])('it is the state of its block, with %i blocks made in each pause', async (blocks) => {
  const { store, records } = seeded()
  const { appHash, state } = deriveState([...records])
  const pause = async (): Promise<void> => {
    for (let made = 0; made < blocks && store.head()!.height < 90; made++) makeBlock(store)
  }
  const collected = (await collectState(store, 7, { pause }))!
  expect(collected).toMatchObject({ digits: 1, records: records.size })
  const frames = await framesOf(collected, async () => undefined)
  expect(appHashOfHead(frames.head)).toBe(appHash)

  const [head, ...chunks] = await all(frames.all())
  expect(chunks).toHaveLength(16)
  const other = emptyStore()
  const restoration = other.restoration()
  const taking = takeState({ head: head!, appHash, genesisHash: genesisHash(GENESIS), restoration })
  for (const chunk of chunks) taking.take(chunk)
  expect(taking.genesis()).toEqual(GENESIS)
  expect(other.head()).toBeUndefined()
  taking.finish(block(7))
  expect(new Map(other.reader.range(''))).toEqual(new Map([...state].sort()))
  expect(hashOf(other.reader.get(APP_HASH_KEY)!)).toBe(appHash)
  expect(other.head()).toEqual({ ...block(7), appHash })
  collected.close()
})

test('one that is overtaken by so many blocks that it is not kept is given up', async () => {
  const { store } = seeded()
  const pause = async (): Promise<void> => {
    for (let made = 0; made < 10; made++) makeBlock(store)
  }
  expect(await collectState(store, 7, { pause })).toBeUndefined()
})

test('a chunk that is wrong, of another place or there already is not taken, and the right one is after it', async () => {
  const { store, records } = seeded()
  const { appHash } = deriveState([...records])
  const frames = await framesOf(
    (await collectState(store, 7, { pause: async () => undefined }))!,
    async () => undefined,
  )
  const [head, ...chunks] = await all(frames.all())
  const other = seeded(10)
  const given = { head: head!, genesisHash: genesisHash(GENESIS), restoration: other.store.restoration() }
  expect(() => takeState({ ...given, appHash: HASH })).toThrow('not the one that the header names')
  expect(() => takeState({ ...given, appHash, head: head!.with(40, head![40]! ^ 1) })).toThrow()
  const taking = takeState({ ...given, appHash, restoration: other.store.restoration() })
  for (const wrong of [chunks[1]!, new Uint8Array(0), head!, chunks[0]!.with(99, chunks[0]![99]! ^ 1)])
    expect(() => taking.take(wrong)).toThrow()
  taking.take(chunks[0]!)
  expect(() => taking.take(chunks[0]!)).toThrow('chunk 1')
  expect(() => taking.finish(block(7))).toThrow('chunk 1 of 16 is missing')
  expect(() => taking.genesis()).toThrow('another genesis')
  // Nothing of it stands in the state.
  expect([...other.store.reader.range('account/')]).toHaveLength(10)
})
