import { CarReader, CarWriter } from '@ipld/car'
import * as dagPb from '@ipld/dag-pb'
import { expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { all, collect, inChunks, someBytes } from '../test/support.ts'
import { importFile } from './import-file.ts'
import { concat, readBlock } from './store.ts'
import { writeCar } from './write-car.ts'

const MIB = 1024 * 1024

async function carOf(
  bytes: Uint8Array,
  chunk?: number,
): Promise<{ car: Uint8Array; root: CID; store: MemoryBlockstore }> {
  const store = new MemoryBlockstore()
  const root = await importFile(inChunks(bytes, chunk), store)
  return { car: await collect(writeCar(root, store)), root, store }
}

test('the same bytes come out however the source is cut', async () => {
  const bytes = someBytes(3 * MIB + 5)
  const [a, b] = await Promise.all([carOf(bytes, 1000), carOf(bytes, 2 * MIB)])
  expect(Buffer.compare(a.car, b.car)).toBe(0)
})

test('they are the bytes that @ipld/car writes for the root and its leaves in order', async () => {
  const { car, root, store } = await carOf(someBytes(2 * MIB + 5))
  const { writer, out } = CarWriter.create([root])
  const written = collect(out)
  const rootBytes = await readBlock(store, root)
  await writer.put({ cid: root, bytes: rootBytes })
  for (const { Hash } of dagPb.decode(rootBytes).Links)
    await writer.put({ cid: Hash, bytes: await readBlock(store, Hash) })
  await writer.close()
  expect(Buffer.compare(car, await written)).toBe(0)
})

test('a block that the file uses three times is in the CAR once, and one header names one root', async () => {
  const chunk = someBytes(MIB)
  const { car, root } = await carOf(concat([chunk, chunk, someBytes(MIB, 2), chunk]))
  const reader = await CarReader.fromBytes(car)
  expect((await reader.getRoots()).map(String)).toEqual([root.toString()])
  expect(await all(reader.cids())).toHaveLength(3)
})

test('an empty file is a CAR with one empty block', async () => {
  const { car, root } = await carOf(new Uint8Array())
  const reader = await CarReader.fromBytes(car)
  expect((await reader.get(root))?.bytes).toHaveLength(0)
})

test('a DAG with a codec whose links cannot be read is refused by name', async () => {
  const { root, store } = await carOf(someBytes(10))
  const gitRaw = CID.createV1(0x78, root.multihash)
  await expect(collect(writeCar(gitRaw, store))).rejects.toMatchObject({ code: 'CODEC_UNSUPPORTED' })
})
