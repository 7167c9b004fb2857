/** Bytes of a piece's file are what the file has, whatever lies in it, and none of a block that is damaged. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, carHeader, carSection } from '@granary/content'
import { pieceCidV2 } from '@granary/proofs/verify'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { type BlockIndex, openBlockIndex, type StoredPiece } from './block-index.ts'
import { indexPiece } from './index-piece.ts'
import { createLeafMemory, isInLeafMemory } from './leaf-memory.ts'
import { createPieceBlocks, type PieceBlocks } from './piece-blocks.ts'

const MIB = 1024 * 1024
/** Many small ones, some of a leaf's size, one that is larger than what is read at once. */
const SIZES = [...Array(600).fill(100), MIB, 5, MIB - 40, 2 * MIB, ...Array(300).fill(5_000), 70_000]

let folder: string
let index: BlockIndex
let car: Buffer
let piece: StoredPiece
let offsets: number[]
let blocks: PieceBlocks

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-piece-blocks-'))
  const contents: Block[] = []
  for (const [number, size] of SIZES.entries()) {
    const bytes = new Uint8Array(size).map(
      (_, at) => (at >> 8) ^ at ^ number ^ (number >> 8) ^ (at < 4 ? number >> (8 * at) : 0),
    )
    contents.push({ cid: CID.createV1(raw.code, await sha256.digest(bytes)), bytes })
  }
  const sections = contents.map((block) => Buffer.concat([...carSection(block)]))
  car = Buffer.concat([carHeader([contents[0]!.cid]), ...sections])
  let end = car.length - sections.reduce((sum, { length }) => sum + length, 0)
  offsets = sections.map((section, at) => {
    end += section.length
    return end - SIZES[at]!
  })
  const path = join(folder, 'file.car')
  await writeFile(path, car)
  index = openBlockIndex(join(folder, 'index.sqlite'))
  const pieceCid = pieceCidV2({ root: new Uint8Array(32), paddedSize: 16 * MIB, payloadSize: 15 * MIB })
  piece = { pieceCid, path, payloadSize: car.length, rootCid: contents[0]!.cid.toString() }
  await indexPiece(index, piece, new AbortController().signal)
  blocks = blocksInNewMemory()
})
afterAll(async () => {
  index.close()
  await rm(folder, { recursive: true, force: true })
})

function blocksInNewMemory(): PieceBlocks {
  return createPieceBlocks(
    index,
    () => undefined,
    () => [],
    createLeafMemory(),
  )
}

async function bytesOf(from: number, to: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of blocks.pieceRange(piece, from, to)) parts.push(part.slice())
  return Buffer.concat(parts)
}

test('each range of a piece is that of its file', async () => {
  const edges = offsets.flatMap((offset) => [offset - 1, offset, offset + 1]).filter((_, at) => at % 97 === 0)
  const ends = [0, 1, 17, ...edges, car.length - 1, car.length]
  for (const from of ends)
    for (const to of ends.filter((end) => end > from).slice(0, 4)) {
      const bytes = await bytesOf(from, to)
      expect([from, to, Buffer.compare(bytes, car.subarray(from, to))]).toEqual([from, to, 0])
    }
  expect(Buffer.compare(await bytesOf(0, car.length), car)).toBe(0)
})

test('what is read at once is a leaf with its head, or as many small blocks', async () => {
  const parts: boolean[] = []
  // What other tests read may not be collected yet, and then takes no part.
  for await (const part of blocksInNewMemory().pieceRange(piece, 0, car.length)) parts.push(isInLeafMemory(part))
  // The small ones, one leaf, the next with the five bytes before it; the large one's head and itself; the other small ones.
  expect(parts).toEqual([true, true, true, false, false, true, true])
})

test('of a damaged block among small ones no byte leaves, and what lies before and behind it does', async () => {
  const damaged = 650
  const flip = async (): Promise<void> => {
    const file = await open(piece.path, 'r+')
    await file.write(Uint8Array.of(car[offsets[damaged]!]! ^ 1), 0, 1, offsets[damaged]!)
    await file.close()
    car[offsets[damaged]!]! ^= 1
  }
  await flip()
  const [from, to] = [offsets[damaged]!, offsets[damaged]! + SIZES[damaged]!]
  await expect(bytesOf(from, from + 1)).rejects.toMatchObject({ code: 'BLOCK_CORRUPT' })
  await expect(bytesOf(to - 1, to + 10_000)).rejects.toMatchObject({ code: 'BLOCK_CORRUPT' })
  expect(Buffer.compare(await bytesOf(from - 20_000, from), car.subarray(from - 20_000, from))).toBe(0)
  expect(Buffer.compare(await bytesOf(to, to + 20_000), car.subarray(to, to + 20_000))).toBe(0)
  await flip()
})
