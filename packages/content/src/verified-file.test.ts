import { readFile as readBytes } from 'node:fs/promises'
import { CarWriter } from '@ipld/car'
import { expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import type { CID } from 'multiformats/cid'
import { all, collect, inChunks, someBytes } from '../test/support.ts'
import { fileBlocks } from './file-blocks.ts'
import { importFile } from './import-file.ts'
import { parseCar } from './parse-car.ts'
import { fileLength, readFile } from './read-file.ts'
import { concat } from './store.ts'
import { verifiedFile } from './verified-file.ts'
import { carHeader, carSection, writeCar } from './write-car.ts'

const MIB = 1024 * 1024

async function imported(bytes: Uint8Array): Promise<{ root: CID; store: MemoryBlockstore }> {
  const store = new MemoryBlockstore()
  return { root: await importFile(inChunks(bytes), store), store }
}

const a = someBytes(MIB, 3)
const b = someBytes(MIB, 4)
const repeating = concat([a, b, a, a, someBytes(500, 5), new Uint8Array(0)])

test.each([
  ['no byte', new Uint8Array()],
  ['one block', someBytes(1000)],
  ['several blocks', someBytes(3 * MIB + 1)],
  ['repeated blocks', repeating],
  ['zeros', new Uint8Array(3 * MIB + 77)],
])('a file with %s comes back byte by byte, from the store and from a CAR', async (_, bytes) => {
  const { root, store } = await imported(bytes)
  expect(Buffer.compare(await collect(readFile(root, store)), bytes)).toBe(0)
  expect(await fileLength(root, store)).toBe(bytes.length)
  const car = inChunks(await collect(writeCar(root, store)), 777_777)
  expect(Buffer.compare(await collect(verifiedFile(root.toString(), car)), bytes)).toBe(0)
})

test('a CAR that sends repeated blocks again needs no memory of them', async () => {
  const { root, store } = await imported(repeating)
  const parts = [carHeader([root])]
  for await (const block of fileBlocks(root, store)) parts.push(...carSection(block))
  const out = await collect(verifiedFile(root.toString(), inChunks(concat(parts)), { rewindBytesMax: 0 }))
  expect(Buffer.compare(out, repeating)).toBe(0)
})

test('a repeat further back than the memory goes is an error that says so, not wrong bytes', async () => {
  const { root, store } = await imported(repeating)
  const read = collect(verifiedFile(root.toString(), writeCar(root, store), { rewindBytesMax: MIB }))
  await expect(read).rejects.toMatchObject({ code: 'REWIND_TOO_FAR' })
})

test.each([
  [0, 10],
  [MIB - 3, 6],
  [MIB, MIB],
  [2 * MIB + 5, 3 * MIB],
  [5, 0],
])('the range of %d + %d bytes reads only what it needs', async (offset, length) => {
  const bytes = someBytes(3 * MIB + 1)
  const { root, store } = await imported(bytes)
  const read: string[] = []
  const watched = {
    get: (cid: CID) => {
      read.push(cid.toString())
      return store.get(cid)
    },
  }
  const out = await collect(readFile(root, watched, { offset, length }))
  expect(Buffer.compare(out, bytes.subarray(offset, offset + length))).toBe(0)
  expect(read.length).toBeLessThanOrEqual(1 + Math.ceil(length / MIB) + 1)
})

test('a CAR in another order, without its last block, or of a directory is refused by name', async () => {
  const { root, store } = await imported(someBytes(2 * MIB))
  const { blocks } = await parseCar(writeCar(root, store))
  const [first, second, third] = await all(blocks)
  const car = (...sent: { cid: CID; bytes: Uint8Array }[]): AsyncGenerator<Uint8Array> =>
    inChunks(concat([carHeader([root]), ...sent.flatMap((block) => [...carSection(block)])]))
  const read = (source: AsyncGenerator<Uint8Array>, cid = root.toString()): Promise<Uint8Array> =>
    collect(verifiedFile(cid, source))
  await expect(read(car(first!, third!, second!))).rejects.toMatchObject({ code: 'CAR_ORDER' })
  await expect(read(car(first!, second!))).rejects.toMatchObject({ code: 'CAR_TRUNCATED', retryable: true })
  await expect(read(car(), 'not a cid')).rejects.toMatchObject({ code: 'CID_INVALID' })

  const fixture = await parseCar(
    inChunks(new Uint8Array(await readBytes(new URL('../fixtures/ipfs-gateway-fixtures.car', import.meta.url)))),
  )
  const directory = (await all(fixture.blocks)).find(
    ({ cid, bytes }) =>
      cid.code === 0x70 &&
      Buffer.from(bytes)
        .subarray(-4)
        .equals(Buffer.from([0x0a, 2, 8, 1])),
  )!
  await expect(read(car(directory), directory.cid.toString())).rejects.toMatchObject({ code: 'NOT_A_FILE' })
})

test('a reader who stops early closes the source', async () => {
  const { root, store } = await imported(someBytes(3 * MIB))
  let closed = false
  const source = (async function* () {
    try {
      yield* writeCar(root, store)
    } finally {
      closed = true
    }
  })()
  for await (const _ of verifiedFile(root.toString(), source)) break
  expect(closed).toBe(true)
})

test('a CAR written by @ipld/car with version 0 CIDs reads the same', async () => {
  const { importFile: importWith } = await import('ipfs-unixfs-importer')
  const store = new MemoryBlockstore()
  const bytes = someBytes(600_000)
  const { cid } = await importWith({ content: inChunks(bytes) }, store, { profile: 'unixfs-v0-2015' })
  expect(cid.version).toBe(0)
  const { writer, out } = CarWriter.create([cid])
  const car = collect(out)
  for await (const block of fileBlocks(cid, store)) await writer.put(block)
  await writer.close()
  expect(Buffer.compare(await collect(verifiedFile(cid.toString(), inChunks(await car))), bytes)).toBe(0)
})
