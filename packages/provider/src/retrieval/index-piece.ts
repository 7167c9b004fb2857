/**
 * Reads a piece's CAR once and writes down where its blocks are. Nothing is hashed here: the deal did that before the
 * provider signed, and each block is hashed again whenever it is served.
 */
import { createReadStream } from 'node:fs'
import { parseCar } from '@granary/content'
import type { BlockIndex, IndexEntry, StoredPiece } from './block-index.ts'

const ENTRIES_PER_WRITE = 1024

/** @throws CarInvalidError CAR_INVALID, or the error of the file system */
export async function indexPiece(index: BlockIndex, piece: StoredPiece, signal: AbortSignal): Promise<void> {
  index.begin(piece)
  if (piece.rootCid !== undefined) await indexBlocks(index, piece, signal)
  index.finish(piece.pieceCid)
}

async function indexBlocks(index: BlockIndex, { path, pieceCid }: StoredPiece, signal: AbortSignal): Promise<void> {
  const { blocks } = await parseCar(createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
  let entries: IndexEntry[] = []
  for await (const { cid, bytes, offset } of blocks) {
    entries.push({ multihash: cid.multihash.bytes, offset, length: bytes.length })
    if (entries.length < ENTRIES_PER_WRITE) continue
    index.add(pieceCid, entries)
    entries = []
  }
  index.add(pieceCid, entries)
}
