/** A state that is offered by strangers: what is not the chain's is refused, whoever sends it, and the state before stays until all is there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fromHex } from '@granary/base'
import { genesisHash } from '@granary/protocol/records'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  ResponseApplySnapshotChunk_Result as Applied,
  ResponseOfferSnapshot_Result as Offer,
  Snapshot,
} from 'cosmjs-types/tendermint/abci/types'
import { type CometNodes, createCometNodes } from '../../../test/comet-nodes.ts'
import { type KeptSnapshots, keepSnapshots, type SnapshotEvent } from '../../snapshot/keep-snapshots.ts'
import { RECORDS_VERSION } from '../../snapshot/snapshot-format.ts'
import { appHashOfState, createStateMachine } from '../../state/index.ts'
import { dealKeys } from '../../store/deal-keys.ts'
import { openStore, type Store } from '../../store/open-store.ts'
import { commitGenesis } from '../commit/commit-genesis.ts'
import { verifyHead } from '../commit/verify-head.ts'
import { createStateSync, type StateSync } from './state-sync.ts'
import { unsignedHeader } from './unsigned-header.ts'

const EVERY = 3
const SENDER = 'b0'.repeat(20)
const HEIGHT = 6

let folder: string
let network: CometNodes
let given: KeptSnapshots
let events: SnapshotEvent[]
let joined: Store
let blocks: boolean
let refused: string[]
let giving: StateSync
let taking: StateSync

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-state-sync-'))
  network = createCometNodes(folder, 1)
  events = []
  given = keep()
  for (let height = 1; height <= HEIGHT; height++) {
    await network.produce()
    given.committed(height)
    await eventually(() => height % EVERY !== 0 || events.length === height / EVERY)
  }
  giving = createStateSync({ ...partsOf(network.nodes[0]!.store), snapshots: given })
  joined = newHome('joined.sqlite')
  blocks = false
  refused = []
  taking = createStateSync(partsOf(joined))
})

afterEach(async () => {
  await given.stop()
  network.close()
  joined.close()
  rmSync(folder, { recursive: true })
})

function keep(): KeptSnapshots {
  const { store } = network.nodes[0]!
  const log = (event: SnapshotEvent): number => events.push(event)
  return keepSnapshots({ store, folder: join(folder, 'snapshots'), every: EVERY, log })
}

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

const partsOf = (store: Store) => ({
  genesisHash: genesisHash(network.genesis),
  store,
  hasBlocks: () => blocks,
  onRestored: () => undefined,
  onRefused: (_height: number, why: string) => void refused.push(why),
})

/** A node that has not begun. */
function newHome(name: string): Store {
  const store = openStore({ path: join(folder, name), dealKeys })
  const machine = createStateMachine({ reader: store.reader })
  commitGenesis({ store, machine, genesis: network.genesis, sign: unsignedHeader })
  return store
}

async function offered(height = HEIGHT): Promise<Snapshot> {
  const { snapshots } = await giving.listSnapshots({})
  return snapshots.find((each) => Number(each.height) === height)!
}

const appHashOf = (height = HEIGHT): Uint8Array => fromHex(network.nodes[0]!.store.block(height)!.appHash)

async function chunkOf(chunk: number, height = HEIGHT): Promise<Uint8Array> {
  const request = { height: BigInt(height), format: RECORDS_VERSION, chunk }
  return (await giving.loadSnapshotChunk(request)).chunk
}

const offer = (snapshot: Snapshot | undefined, appHash = appHashOf()) =>
  Promise.resolve(taking.offerSnapshot({ ...(snapshot && { snapshot }), appHash })).then(({ result }) => result)

const apply = async (index: number, chunk: Uint8Array) =>
  await taking.applySnapshotChunk({ index, chunk, sender: SENDER })

/** Nothing of it stands in the state. */
function expectAtGenesis(): void {
  expect(joined.head()!.height).toBe(0)
  expect(appHashOfState(joined.reader)).toBe(joined.head()!.appHash)
}

test('a node takes over what another keeps, goes on from there and gives it on', async () => {
  const snapshot = await offered()
  expect((await giving.listSnapshots({})).snapshots.map(({ height }) => Number(height))).toEqual([6, 3])
  expect(await offer(snapshot)).toBe(Offer.ACCEPT)
  for (let index = 0; index < snapshot.chunks; index++) {
    expectAtGenesis()
    expect(await apply(index, await chunkOf(index))).toMatchObject({ result: Applied.ACCEPT })
  }
  const { store } = network.nodes[0]!
  expect(joined.head()).toMatchObject({ height: HEIGHT, appHash: store.block(HEIGHT)!.appHash })
  expect([...joined.reader.range('')]).toEqual([...store.reader.range('')])
  verifyHead(joined, network.genesis, joined.head()!, undefined)
  expect(joined.block(0)).toBeUndefined()
})

test('what is offered and cannot be is refused by its own words, before anything is fetched', async () => {
  const snapshot = await offered()
  const wrong = (change: Partial<Snapshot>): Promise<Offer> => offer(Snapshot.fromPartial({ ...snapshot, ...change }))
  expect(await offer(undefined)).toBe(Offer.REJECT)
  expect(await wrong({ format: RECORDS_VERSION + 1 })).toBe(Offer.REJECT_FORMAT)
  for (const chunks of [0, 1, 65_538, 2 ** 32 - 1]) expect(await wrong({ chunks })).toBe(Offer.REJECT)
  expect(await wrong({ hash: new Uint8Array(31) })).toBe(Offer.REJECT)
  blocks = true
  expect(await offer(snapshot)).toBe(Offer.REJECT)
  blocks = false
  expect(await apply(0, await chunkOf(0))).toMatchObject({ result: Applied.REJECT_SNAPSHOT })
  expectAtGenesis()
})

test('sending another chunk of a state: who does is sent away, and it is fetched from somebody else', async () => {
  const snapshot = await offered()
  await offer(snapshot)
  const head = await chunkOf(0)
  const blamed = (index: number) => ({ result: Applied.RETRY, refetchChunks: [index], rejectSenders: [SENDER] })
  for (const wrong of [head.with(60, head[60]! ^ 1), new Uint8Array(0), await chunkOf(0, 3), await chunkOf(1)])
    expect(await apply(0, wrong)).toEqual(blamed(0))
  expect(await apply(0, head)).toMatchObject({ result: Applied.ACCEPT })
  const chunk = await chunkOf(1)
  for (const wrong of [chunk.with(90, chunk[90]! ^ 1), chunk.subarray(1), await chunkOf(1, 3), head])
    expect(await apply(1, wrong)).toEqual(blamed(1))
  expectAtGenesis()
  expect(await apply(1, chunk)).toMatchObject({ result: Applied.ACCEPT })
  expect(joined.head()!.height).toBe(HEIGHT)
})

test('offering the state of another height, with more chunks than it has, or out of order: it is given up as a whole', async () => {
  const snapshot = await offered()
  const rejected = { result: Applied.REJECT_SNAPSHOT, rejectSenders: [SENDER] }
  // The state of block 3, offered as that of block 6: the header of block 7 names another one.
  const old = await offered(3)
  await offer(Snapshot.fromPartial({ ...old, height: BigInt(HEIGHT) }))
  expect(await apply(0, await chunkOf(0, 3))).toMatchObject(rejected)
  // And with the app hash that it has: as if a third of the validators had signed for it.
  await offer(Snapshot.fromPartial({ ...old, height: BigInt(HEIGHT) }), appHashOf(3))
  expect(await apply(0, await chunkOf(0, 3))).toMatchObject(rejected)
  await offer(Snapshot.fromPartial({ ...snapshot, chunks: snapshot.chunks + 1 }))
  expect(await apply(0, await chunkOf(0))).toMatchObject(rejected)
  await offer(snapshot)
  await apply(0, await chunkOf(0))
  expect(await apply(2, await chunkOf(1))).toMatchObject({ result: Applied.REJECT_SNAPSHOT })
  expect(refused).toHaveLength(4)
  expectAtGenesis()
})

test('offering the state of another chain, or an older one than the node has', async () => {
  const snapshot = await offered()
  const stranger = createStateSync({ ...partsOf(joined), genesisHash: `0x${'00'.repeat(32)}` })
  await stranger.offerSnapshot({ snapshot, appHash: appHashOf() })
  await stranger.applySnapshotChunk({ index: 0, chunk: await chunkOf(0), sender: SENDER })
  expect(await stranger.applySnapshotChunk({ index: 1, chunk: await chunkOf(1), sender: SENDER })).toMatchObject({
    result: Applied.REJECT_SNAPSHOT,
  })
  expectAtGenesis()
  await offer(snapshot)
  for (let index = 0; index < snapshot.chunks; index++) await apply(index, await chunkOf(index))
  expect(await offer(await offered(3), appHashOf(3))).toBe(Offer.REJECT)
  // CometBFT has died before it knew of it: the same once more.
  expect(await offer(snapshot)).toBe(Offer.ACCEPT)
})

test('a node that dies in the middle has its state of before, and begins anew', async () => {
  const snapshot = await offered()
  await offer(snapshot)
  await apply(0, await chunkOf(0))
  joined.close()
  joined = openStore({ path: join(folder, 'joined.sqlite'), dealKeys })
  expectAtGenesis()
  taking = createStateSync(partsOf(joined))
  expect(await apply(1, await chunkOf(1))).toMatchObject({ result: Applied.REJECT_SNAPSHOT })
  await offer(snapshot)
  for (let index = 0; index < snapshot.chunks; index++) await apply(index, await chunkOf(index))
  expect(joined.head()!.height).toBe(HEIGHT)
})

test('a frame that nobody has, or that has changed on the disk, is given to nobody', async () => {
  const { chunks } = await offered()
  const file = join(folder, 'snapshots', `${HEIGHT}.state`)
  const nothing = new Uint8Array(0)
  const wanted = { height: BigInt(HEIGHT), format: RECORDS_VERSION, chunk: 0 }
  for (const change of [
    { height: 5n },
    { height: 2n ** 62n },
    { format: 1 },
    { chunk: chunks },
    { chunk: 2 ** 32 - 1 },
  ])
    expect((await giving.loadSnapshotChunk({ ...wanted, ...change })).chunk).toEqual(nothing)
  writeFileSync(file, 'changed')
  expect((await giving.loadSnapshotChunk(wanted)).chunk).toEqual(nothing)
  // A node that starts again looks at what it has.
  await given.stop()
  given = keep()
  await eventually(() => given.list().length > 0)
  expect(given.list().map(({ height }) => height)).toEqual([3])
})
