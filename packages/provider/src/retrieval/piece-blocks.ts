/**
 * Blocks and ranges out of the unsealed pieces. Each block is hashed on its way out: one that fails never leaves, and
 * is told to whoever watches the log.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { type BlockReader, inlineBytes, type ReadOptions, sectionBytesMax, verifyBlock } from '@granary/content'
import { BlockMissingError, readAt } from '@granary/content/node'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { ContentDeniedError } from '../denylist/content-denied-error.ts'
import { type Denylist, denialOf } from '../denylist/denylist.ts'
import type { Log } from '../log.ts'
import type { BlockPlace, BlockPlaces, IndexEntry, StoredPiece } from './block-index.ts'
import { type LeafMemory, leafBytesMax } from './leaf-memory.ts'
import { createPatientFiles, DiskSilentError } from './patient-files.ts'

const BLOCKS_PER_READ = 256

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
  pieceRange(piece: StoredPiece, from: number, to: number, options?: ReadOptions): AsyncGenerator<Uint8Array>
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
  const files = createPatientFiles()

  function requireAllowed(cid: CID): void {
    const denial = denialOf(denylists(), cid)
    if (denial !== undefined) throw new ContentDeniedError(`block ${cid}`, denial)
  }

  function cidOf({ multihash }: IndexEntry): CID {
    const cid = CID.createV1(raw.code, decodeDigest(multihash))
    requireAllowed(cid)
    return cid
  }

  async function requireIntact(cid: CID, bytes: Uint8Array, pieceCid: string, offset: number): Promise<void> {
    await verifyBlock(cid, bytes).catch((cause: unknown) => {
      log({ type: 'block-corrupt', level: 'alert', pieceCid, cid: cid.toString(), offset, hint: damageHint })
      throw new BlockCorruptError(cid, pieceCid, offset, cause)
    })
  }

  /** A disk that does not answer has damaged nothing: that is not told as damage is. */
  async function patiently<Result>(pieceCid: string, path: string, read: () => Promise<Result>): Promise<Result> {
    return await files.read(path, read).catch((error: unknown) => {
      throw error instanceof DiskSilentError ? new PieceUnreadableError(pieceCid, error) : error
    })
  }

  async function readPlace(place: BlockPlace, isLeaf: boolean): Promise<Uint8Array> {
    const { path, pieceCid, offset, length } = place
    const cid = cidOf(place)
    const bytes = await patiently(pieceCid, path, async () => {
      const file = await open(path, 'r').catch((cause: unknown) => refuse(pieceCid, path, cause))
      try {
        return await readAt(file, offset, length, isLeaf ? memory?.take(length) : undefined)
      } finally {
        await file.close()
      }
    })
    await requireIntact(cid, bytes, pieceCid, offset)
    return bytes
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

  /** One that is open only when nobody waits for it any more is closed. */
  async function openInTime(piece: StoredPiece): Promise<FileHandle> {
    let isWanted = true
    const begin = async (): Promise<FileHandle> => {
      const file = await openPiece(piece)
      if (!isWanted) await file.close()
      return file
    }
    return await patiently(piece.pieceCid, piece.path, begin).catch((error: unknown) => {
      isWanted = false
      throw error
    })
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
      await patiently(piece.pieceCid, piece.path, async () => await (await openPiece(piece)).close())
    },
    async *pieceRange(piece, from, to, { signal } = {}) {
      const { pieceCid, path } = piece
      const file = await openInTime(piece)
      try {
        for (const { start, end, blocks } of spansIn(index, pieceCid, from, to)) {
          signal?.throwIfAborted()
          const cids = blocks.map(cidOf)
          const read = () => readAt(file, start, end - start, memory?.take(end - start))
          const bytes = await patiently(pieceCid, path, read)
          for (const [at, { offset, length }] of blocks.entries())
            await requireIntact(cids[at]!, bytes.subarray(offset - start, offset - start + length), pieceCid, offset)
          yield bytes.subarray(Math.max(from, start) - start, Math.min(to, end) - start)
        }
      } finally {
        // Not waited for: that of a disk that hangs does not end.
        file.close().catch(() => {})
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

/** What is read at once: whole blocks, or bytes that are none. */
interface Span {
  readonly start: number
  readonly end: number
  readonly blocks: readonly IndexEntry[]
}

/** All of the range, in order, and no more of the file than the blocks at its ends reach beyond it. */
function* spansIn(index: BlockPlaces, pieceCid: string, from: number, to: number): Generator<Span> {
  let start = from
  let end = from
  let blocks: IndexEntry[] = []
  for (const block of blocksIn(index, pieceCid, from, to)) {
    const blockEnd = block.offset + block.length
    if (blocks.length > 0 && blockEnd - start > leafBytesMax) {
      yield { start, end, blocks }
      start = end
      blocks = []
    }
    if (blocks.length === 0) {
      if (blockEnd - start > leafBytesMax) {
        yield* plainSpans(start, block.offset)
        start = Math.max(start, block.offset)
      }
      start = Math.min(start, block.offset)
    }
    blocks.push(block)
    end = blockEnd
  }
  if (blocks.length > 0) yield { start, end, blocks }
  yield* plainSpans(end, to)
}

function* plainSpans(from: number, to: number): Generator<Span> {
  for (let start = from; start < to; start += leafBytesMax)
    yield { start, end: Math.min(start + leafBytesMax, to), blocks: [] }
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
