import { readFile } from 'node:fs/promises'
import { CarWriter } from '@ipld/car'
import { beforeAll, expect, test } from '@jest/globals'
import { blake2b } from '@noble/hashes/blake2.js'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha512 } from 'multiformats/hashes/sha2'
import { all, collect, inChunks, someBytes } from '../test/support.ts'
import { importFile } from './import-file.ts'
import { parseCar } from './parse-car.ts'
import { pieceOf } from './piece-of.ts'
import { readFile as readContent } from './read-file.ts'
import { concat } from './store.ts'
import { type CarEntry, verifyCar } from './verify-car.ts'
import { carHeader, writeCar } from './write-car.ts'

const fixture = new URL('../fixtures/ipfs-gateway-fixtures.car', import.meta.url)

function verify(car: Uint8Array, root?: string): Promise<CarEntry[]> {
  return all(verifyCar(inChunks(car, 1000), { root }))
}

async function fileIn(car: Uint8Array, root: string): Promise<Uint8Array> {
  const store = new MemoryBlockstore()
  const { blocks } = await parseCar(inChunks(car))
  for await (const { cid, bytes } of blocks) await store.put(cid, bytes)
  return await collect(readContent(CID.parse(root), store))
}

async function carWith(roots: CID[], blocks: { cid: CID; bytes: Uint8Array }[]): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(roots)
  const car = collect(out)
  for (const block of blocks) await writer.put(block)
  await writer.close()
  return car
}

/** A small file of two chunks, by a store of its own, so that every byte can be flipped. */
let small: { car: Uint8Array; root: string; file: Uint8Array }
beforeAll(async () => {
  const file = someBytes(200)
  const store = new MemoryBlockstore()
  const leaves = await Promise.all(
    [file.subarray(0, 100), file.subarray(100)].map((half) => importFile(inChunks(half), store)),
  )
  const dagPb = await import('@ipld/dag-pb')
  const node = dagPb.encode({
    Data: Uint8Array.from([0x08, 0x02, 0x18, 0xc8, 0x01, 0x20, 100, 0x20, 100]),
    Links: leaves.map((Hash) => ({ Name: '', Tsize: 100, Hash })),
  })
  const { sha256 } = await import('multiformats/hashes/sha2')
  const root = CID.createV1(dagPb.code, await sha256.digest(node))
  await store.put(root, node)
  small = { car: await collect(writeCar(root, store)), root: root.toString(), file }
})

test('the memory of a source is left as it is, and entries have their own', async () => {
  const whole = small.car.slice()
  const entries = [await verify(small.car, small.root), await all(verifyCar(eachSection(whole), { root: small.root }))]
  expect(whole).toEqual(small.car)
  for (const [first] of entries) expect(first?.cid.toString()).toBe(small.root)
})

/** Each block with its CID in memory of its own, as if it had been put together here. */
async function* eachSection(car: Uint8Array): AsyncGenerator<Uint8Array> {
  let from = 0
  for await (const { cid, offset, length } of verifyCar(inChunks(car))) {
    const at = offset - cid.bytes.length
    yield car.subarray(from, at)
    const section = car.slice(at, offset + length)
    yield section
    expect(section.length).toBe(cid.bytes.length + length)
    from = offset + length
  }
}

test('all 343 blocks of the gateway fixtures hash to their CIDs, and the offsets lead to their bytes', async () => {
  const car = new Uint8Array(await readFile(fixture))
  const entries = await verify(car)
  expect(entries).toHaveLength(343)
  const codecs = Object.groupBy(
    entries,
    ({ cid }) => `v${cid.version} 0x${cid.code.toString(16)} by 0x${cid.multihash.code.toString(16)}`,
  )
  expect(Object.fromEntries(Object.entries(codecs).map(([name, found]) => [name, found?.length]))).toEqual({
    'v0 0x70 by 0x12': 39,
    'v1 0x70 by 0x12': 272,
    'v1 0x55 by 0x12': 20,
    'v1 0x55 by 0x13': 1,
    'v1 0x71 by 0x12': 4,
    'v1 0x129 by 0x12': 3,
    'v1 0x51 by 0x12': 2,
    'v1 0x200 by 0x12': 2,
  })
  const { verifyBlock } = await import('./verify-block.ts')
  for (const { cid, offset, length } of entries) await verifyBlock(cid, car.subarray(offset, offset + length))
})

test('every flipped byte of a CAR is refused, or it changes the name of the piece and not the file', async () => {
  const { car, root, file } = small
  const piece = await pieceOf(inChunks(car))
  const entries = await verify(car, root)
  // A codec is not hashed with the block: the commitment over the CAR's bytes is what catches it.
  const codecBytes = entries.map(({ cid, offset }) => offset - cid.bytes.length + 1)
  for (let at = 0; at < car.length; at++)
    for (const flip of [0x01, 0x80, 0xff]) {
      const bad = car.slice()
      bad[at]! ^= flip
      const verdict = await verify(bad, root).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      )
      if (verdict === 'accepted') {
        expect(codecBytes).toContain(at)
        expect((await pieceOf(inChunks(bad))).pieceCid).not.toBe(piece.pieceCid)
        expect(Buffer.compare(await fileIn(bad, root), file)).toBe(0)
      } else expect(verdict).toMatch(/^CAR_(INVALID|ROOT_MISMATCH)$/)
    }
})

test('a wrong block is named with its place', async () => {
  const bad = small.car.slice()
  bad[bad.length - 1]! ^= 1
  const [, , last] = await verify(small.car)
  await expect(verify(bad)).rejects.toMatchObject({
    code: 'CAR_INVALID',
    details: { reason: 'hash', block: 2, offset: last?.offset, cid: last?.cid.toString() },
  })
})

test('every way to cut off the CAR inside a section or the header is refused', async () => {
  const entries = await verify(small.car)
  const whole = new Set([entries[0]!.offset - 38, ...entries.map(({ offset, length }) => offset + length)])
  for (let length = 0; length < small.car.length; length++) {
    const cut = verify(small.car.subarray(0, length))
    if (whole.has(length)) await expect(cut).resolves.toBeDefined()
    else await expect(cut).rejects.toMatchObject({ code: 'CAR_INVALID', details: { reason: 'truncated' } })
  }
})

test('a CAR of another root is refused; a root is the same in any version of its CID', async () => {
  await expect(verify(small.car, 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')).rejects.toMatchObject({
    code: 'CAR_ROOT_MISMATCH',
    details: { roots: [small.root] },
  })
  expect(await verify(small.car, CID.parse(small.root).toV0().toString())).toHaveLength(3)
})

test('no roots are fine unless one is asked for', async () => {
  const car = carHeader([])
  expect(await verify(car)).toEqual([])
  await expect(verify(car, small.root)).rejects.toMatchObject({ code: 'CAR_ROOT_MISMATCH' })
})

test.each([
  ['a zero-length section', (car: Uint8Array) => concat([car, Uint8Array.of(0)]), 'section'],
  ['padding after the end', (car: Uint8Array) => concat([car, new Uint8Array(64)]), 'section'],
  ['a length of nine bytes', (car: Uint8Array) => concat([car, new Uint8Array(9).fill(0xff)]), 'section'],
  ['a length in a longer form', (car: Uint8Array) => concat([car, Uint8Array.of(0x81, 0x00, 1)]), 'section'],
  ['a section of 4 GiB', (car: Uint8Array) => concat([car, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10)]), 'section'],
  ['a section without a CID', (car: Uint8Array) => concat([car, Uint8Array.of(2, 7, 7)]), 'cid'],
  ['bytes that are no header', () => someBytes(500), 'header'],
  ['a header that is no CBOR', () => Uint8Array.of(3, 0xff, 0xff, 0xff), 'header'],
  ['a header without roots', () => Uint8Array.of(10, 0xa1, 0x67, ...new TextEncoder().encode('version'), 1), 'header'],
  ['nothing at all', () => new Uint8Array(), 'truncated'],
])('%s is refused', async (_, make, reason) => {
  await expect(verify(make(small.car))).rejects.toMatchObject({ code: 'CAR_INVALID', details: { reason } })
})

test('sha2-512, blake2b-256 and identity are hashed too; other hashes and cut digests are refused', async () => {
  const bytes = someBytes(50)
  const names = [
    await sha512.digest(bytes),
    createDigest(0xb220, blake2b(bytes, { dkLen: 32 })),
    createDigest(0, bytes),
  ].map((digest) => CID.createV1(raw.code, digest))
  expect(
    await verify(
      await carWith(
        [],
        names.map((cid) => ({ cid, bytes })),
      ),
    ),
  ).toHaveLength(3)
  for (const cid of names)
    await expect(verify(await carWith([], [{ cid, bytes: someBytes(50, 2) }]))).rejects.toMatchObject({
      code: 'CAR_INVALID',
    })
  const sha1 = CID.createV1(raw.code, createDigest(0x11, new Uint8Array(20)))
  const cut = CID.createV1(raw.code, createDigest(0x12, (await sha512.digest(bytes)).digest.subarray(0, 20)))
  for (const cid of [sha1, cut])
    await expect(verify(await carWith([], [{ cid, bytes }]))).rejects.toThrow(/is named by hash/)
})

test('a version 2 CAR is read by the version 1 inside it, with offsets into the whole', async () => {
  const { car, root } = small
  const pragma = Uint8Array.of(0x0a, 0xa1, 0x67, ...new TextEncoder().encode('version'), 2)
  const header = new Uint8Array(40)
  const view = new DataView(header.buffer)
  view.setBigUint64(16, 64n, true)
  view.setBigUint64(24, BigInt(car.length), true)
  const version2 = concat([pragma, header, new Uint8Array(13), car, someBytes(100)])
  const shifted = (await verify(car)).map(({ cid, offset, length }) => ({ cid, offset: offset + 64, length }))
  expect(await verify(version2, root)).toEqual(shifted)
  await expect(verify(version2.subarray(0, 64 + car.length - 1))).rejects.toMatchObject({ code: 'CAR_INVALID' })
  view.setBigUint64(24, BigInt(car.length - 1), true)
  await expect(verify(concat([pragma, header, new Uint8Array(13), car]))).rejects.toMatchObject({ code: 'CAR_INVALID' })
})
