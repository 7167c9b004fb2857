/**
 * Blocks and ranges out of the unsealed pieces. Each block is hashed on its way out: one that fails never leaves, and
 * is told to whoever watches the log.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { type BlockReader, inlineBytes, sectionBytesMax, verifyBlock } from '@granary/content'
import { BlockMissingError, readAt, readRange } from '@granary/content/node'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { ContentDeniedError } from '../denylist/content-denied-error.ts'
import { type Denylist, denialOf } from '../denylist/denylist.ts'
import type { Log } from '../log.ts'
import type { BlockPlace, BlockPlaces, IndexEntry, StoredPiece } from './block-index.ts'
import type { LeafMemory } from './leaf-memory.ts'

const BLOCKS_PER_READ = 64

export class BlockCorruptError extends GranaryError {
  constructor(cid: CID, pieceCid: string, offset: number, cause: unknown) {
    super({
      code: 'BLOCK_CORRUPT',
      message: `block ${cid} in piece ${pieceCid} at byte ${offset} is not what it was`,
      hint: 'fetch it from another provider; this one has been told that its copy is damaged',
      details: { cid: cid.toString(), pieceCid, offset },
      cause,
    })
  }
}

export interface PieceBlocks extends BlockReader {
  has(cid: CID): boolean
  /** Bytes `from` to `to` (exclusive) of the piece's file; the blocks in it are hashed, whole, before a byte of them. */
  pieceRange(piece: StoredPiece, from: number, to: number): AsyncGenerator<Uint8Array>
  /** That its file lies in its place, whole. @throws PieceUnreadableError */
  requirePiece(piece: StoredPiece): Promise<void>
}

export const damageHint: string = 'Look at the disk. The piece is made again from its sealed copy, if there is one.'

/**
 * @param denylists: as they are now: a block that one of them denies is not here, and is refused aloud where it is read
 * @param memory: where leaves are put that are read by their CIDs
 */
export function createPieceBlocks(
  index: BlockPlaces,
  log: Log,
  denylists: () => readonly Denylist[],
  memory?: LeafMemory,
): PieceBlocks {
  function requireAllowed(cid: CID): void {
    const denial = denialOf(denylists(), cid)
    if (denial !== undefined) throw new ContentDeniedError(`block ${cid}`, denial)
  }

  async function readVerified(
    file: FileHandle,
    { pieceCid, ...entry }: Omit<BlockPlace, 'path'>,
    into?: Uint8Array,
  ): Promise<Uint8Array> {
    const cid = CID.createV1(raw.code, decodeDigest(entry.multihash))
    requireAllowed(cid)
    const bytes = await readAt(file, entry.offset, entry.length, into)
    await verifyBlock(cid, bytes).catch((cause: unknown) => {
      log({
        type: 'block-corrupt',
        level: 'alert',
        pieceCid,
        cid: cid.toString(),
        offset: entry.offset,
        hint: damageHint,
      })
      throw new BlockCorruptError(cid, pieceCid, entry.offset, cause)
    })
    return bytes
  }

  async function readPlace(place: BlockPlace, isLeaf: boolean): Promise<Uint8Array> {
    const { path, pieceCid } = place
    const file = await open(path, 'r').catch((cause: unknown) => refuse(pieceCid, path, cause))
    try {
      return await readVerified(file, place, isLeaf ? memory?.take(place.length) : undefined)
    } finally {
      await file.close()
    }
  }

  async function openPiece({ pieceCid, path, payloadSize }: StoredPiece): Promise<FileHandle> {
    const file = await open(path, 'r').catch((cause: unknown) => refuse(pieceCid, path, cause))
    try {
      const { size } = await file.stat()
      if (size !== payloadSize) refuse(pieceCid, path, new Error(`it has ${size} bytes of ${payloadSize}`))
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  function refuse(pieceCid: string, path: string, cause: unknown): never {
    log({ type: 'piece-unreadable', level: 'alert', pieceCid, path, error: String(cause), hint: damageHint })
    throw new PieceUnreadableError(pieceCid, cause)
  }

  async function readAnyPlace(cid: CID): Promise<Uint8Array> {
    const failures: unknown[] = []
    for (const place of index.find(cid.multihash.bytes))
      try {
        return await readPlace(place, cid.code === raw.code)
      } catch (error) {
        failures.push(error)
      }
    throw failures[0] ?? new BlockMissingError(cid, 'any piece of this provider')
  }

  return {
    has: (cid) =>
      denialOf(denylists(), cid) === undefined &&
      (cid.multihash.code === identity.code || index.find(cid.multihash.bytes).length > 0),
    async *get(cid, options) {
      options?.signal?.throwIfAborted()
      requireAllowed(cid)
      yield inlineBytes(cid) ?? (await readAnyPlace(cid))
    },
    async requirePiece(piece) {
      const file = await openPiece(piece)
      await file.close()
    },
    async *pieceRange(piece, from, to) {
      const { pieceCid } = piece
      const file = await openPiece(piece)
      try {
        let at = from
        for (const block of blocksIn(index, pieceCid, from, to)) {
          if (block.offset > at) yield* readRange(file, at, block.offset - at)
          const bytes = await readVerified(file, { ...block, pieceCid })
          const start = Math.max(at, block.offset)
          const end = Math.min(to, block.offset + block.length)
          if (end > start) yield bytes.subarray(start - block.offset, end - block.offset)
          at = Math.max(at, end)
        }
        if (at < to) yield* readRange(file, at, to - at)
      } finally {
        await file.close()
      }
    },
  }
}

export class PieceUnreadableError extends GranaryError {
  constructor(pieceCid: string, cause: unknown) {
    super({
      code: 'PIECE_UNREADABLE',
      message: `the file of piece ${pieceCid} cannot be read`,
      hint: 'try another provider, or later: this one has been told',
      details: { pieceCid },
      cause,
    })
  }
}

/** The blocks that share a byte with the range, in order, a few at a time. */
function* blocksIn(index: BlockPlaces, pieceCid: string, from: number, to: number): Generator<IndexEntry> {
  // A block that reaches into the range begins at most one largest section before it.
  let next = Math.max(0, from - sectionBytesMax)
  for (;;) {
    const blocks = index.blocksFrom(pieceCid, next, BLOCKS_PER_READ)
    for (const block of blocks) {
      if (block.offset >= to) return
      next = block.offset + 1
      if (block.offset + block.length > from) yield block
    }
    if (blocks.length < BLOCKS_PER_READ) return
  }
}
