/** What is asked of the thread that reads DAGs ends when its reader has gone. */
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { sleep } from '@granary/base'
import { type Block, carHeader, carSection, importFile, writeCar } from '@granary/content'
import { pieceCidV2 } from '@granary/proofs/verify'
import { expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { openBlockIndex, type StoredPiece } from './block-index.ts'
import { createDagThread, type DagThread } from './dag-thread.ts'
import { indexPiece } from './index-piece.ts'

const DAG_PB = 0x70
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)])
const field = (number: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes])

/** A file of as many bytes as children, each of one; the name of its links makes it as large as that. */
async function fileNode(children: readonly CID[], nameBytes: number): Promise<Block> {
  const name = field(2, Buffer.alloc(nameBytes, 'a'))
  const links = children.map((cid) => field(2, Buffer.concat([field(1, cid.bytes), name, Buffer.from([0x18, 0])])))
  const sizes = children.flatMap(() => [0x20, 1])
  const data = field(1, Buffer.from([0x08, 2, 0x18, ...varint(children.length), ...sizes]))
  const bytes = new Uint8Array(Buffer.concat([...links, data]))
  return { cid: CID.createV1(DAG_PB, await sha256.digest(bytes)), bytes }
}

/** 512 bytes behind 127 wrappers of 150 kB: more than a walk keeps in memory, and 65,024 visits for its first 512 bytes. */
async function wrappedFile(): Promise<{ root: CID; leaf: CID; car: Buffer }> {
  const bytes = new Uint8Array([0x41])
  const leaf = { cid: CID.createV1(raw.code, await sha256.digest(bytes)), bytes }
  const blocks: Block[] = [leaf]
  for (let at = 0; at < 127; at++) blocks.push(await fileNode([blocks.at(-1)!.cid], 150_000))
  const top = blocks.at(-1)!.cid
  const root = await fileNode(
    Array.from({ length: 512 }, () => top),
    0,
  )
  const sections = [root, ...blocks.reverse()].flatMap((block) => [...carSection(block)])
  return { root: root.cid, leaf: leaf.cid, car: Buffer.concat([carHeader([root.cid]), ...sections]) }
}

interface ThreadOver extends AsyncDisposable {
  readonly dags: DagThread
  readonly piece: StoredPiece
}

/** A thread over that CAR, which stops at the end of the test. */
async function threadOver(root: CID, car: Buffer): Promise<ThreadOver> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-dag-thread-'))
  const path = join(folder, 'file.car')
  await writeFile(path, car)
  const indexPath = join(folder, 'index.sqlite')
  const index = openBlockIndex(indexPath)
  const pieceCid = pieceCidV2({ root: new Uint8Array(32), paddedSize: 32 * 2 ** 20, payloadSize: 31 * 2 ** 20 })
  const piece = { pieceCid, path, payloadSize: car.length, rootCid: root.toString() }
  await indexPiece(index, piece, new AbortController().signal)
  const dags = createDagThread({ indexPath, log: () => undefined })
  return {
    dags,
    piece,
    async [Symbol.asyncDispose]() {
      await dags.stop()
      index.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

test('a walk ends with its reader, wherever it is, and the thread answers the next one', async () => {
  const { root, leaf, car } = await wrappedFile()
  await using thread = await threadOver(root, car)
  const { dags } = thread
  await dags.block(leaf.toString())
  for (const ask of [
    (signal: AbortSignal) => dags.entity(root.toString(), true, { signal }),
    (signal: AbortSignal) => dags.fileBytes(root.toString(), 511, 512, { signal })[Symbol.asyncIterator]().next(),
  ]) {
    const gone = new AbortController()
    const asked = ask(gone.signal)
    gone.abort()
    // Its rejection is the thread's own word that the call is over: a walk that went on would say so when it ends.
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
  }
  const gone = new AbortController()
  const head = dags.entity(root.toString(), true, { signal: gone.signal })
  // Answered between its steps: the walk has begun.
  await dags.block(leaf.toString())
  gone.abort()
  await expect(head).rejects.toMatchObject({ name: 'AbortError' })
  expect(await dags.block(leaf.toString())).toEqual(new Uint8Array([0x41]))
})

const LEAF_BYTES = 100_000

/** Leaves of one byte, again and again, and a node over them. */
async function fileOfLeaves(count: number): Promise<{ root: CID; leaves: Uint8Array[]; car: Buffer }> {
  const leaves = Array.from({ length: count }, (_, number) => new Uint8Array(LEAF_BYTES).fill(number))
  const store = new MemoryBlockstore()
  const blocks: Block[] = []
  for (const bytes of leaves) blocks.push({ cid: CID.createV1(raw.code, await sha256.digest(bytes)), bytes })
  const root = await importFile(Readable.from(leaves), store)
  for (const { cid, bytes } of blocks) await store.put(cid, bytes)
  const parts: Uint8Array[] = []
  for await (const part of writeCar(root, store)) parts.push(part)
  for (const block of blocks) parts.push(...carSection(block))
  return { root, leaves, car: Buffer.concat(parts) }
}

test('bytes stay what they are until the next are asked for or they are given back, whatever others read', async () => {
  const { root, leaves, car } = await fileOfLeaves(40)
  await using thread = await threadOver(root, car)
  const { dags } = thread
  const whole = Buffer.concat(leaves)
  const held = dags.fileBytes(root.toString(), 0, whole.length)[Symbol.asyncIterator]()
  const { value: first } = await held.next()
  const cids = await Promise.all(leaves.map(async (bytes) => CID.createV1(raw.code, await sha256.digest(bytes))))
  const block = await dags.block(cids[7]!.toString())
  for (let round = 0; round < 2; round += 1)
    for (const [number, cid] of cids.entries()) {
      const bytes = await dags.block(cid.toString())
      expect([number, Buffer.compare(bytes, leaves[number]!)]).toEqual([number, 0])
      dags.giveBack(bytes)
      // Once is enough: the memory is somebody else's by now.
      dags.giveBack(bytes)
    }
  const two = await Promise.all([dags.block(cids[1]!.toString()), dags.block(cids[2]!.toString())])
  expect(two.map((bytes, number) => Buffer.compare(bytes, leaves[number + 1]!))).toEqual([0, 0])
  expect(Buffer.compare(first!, whole.subarray(0, first!.length))).toBe(0)
  expect(Buffer.compare(block, leaves[7]!)).toBe(0)
  const rest: Buffer[] = [Buffer.from(first!)]
  for (let next = await held.next(); next.done !== true; next = await held.next()) rest.push(Buffer.from(next.value))
  expect(Buffer.compare(Buffer.concat(rest), whole)).toBe(0)
})

test('a piece whose reader goes is no longer open', async () => {
  const { root, car } = await fileOfLeaves(40)
  await using thread = await threadOver(root, car)
  const { dags, piece } = thread
  const isOpen = async (): Promise<boolean> => {
    const open = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
    return (await Promise.all(open)).includes(piece.path)
  }
  const read = dags.pieceBytes(piece, 0, car.length)[Symbol.asyncIterator]()
  const { value: first } = await read.next()
  expect(Buffer.compare(first!, car.subarray(0, first!.length))).toBe(0)
  expect(await isOpen()).toBe(true)
  await read.return?.()
  while (await isOpen()) await sleep(5)
  const whole: Buffer[] = []
  for await (const bytes of dags.pieceBytes(piece, 0, car.length)) whole.push(Buffer.from(bytes))
  expect(Buffer.compare(Buffer.concat(whole), car)).toBe(0)
  while (await isOpen()) await sleep(5)
})
