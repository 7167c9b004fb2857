/**
 * What the gateway reads of a DAG that somebody else made: where a path leads, a block, a file, a CAR. To decode a block can
 * take as long as its maker likes, so a provider reads on a thread of its own (dag-thread.ts), where nothing waits but
 * other readers.
 */
import {
  type Block,
  carHeader,
  carSection,
  entityBlocks,
  fileLength,
  inlineBytes,
  parseCid,
  type ReadOptions,
  readBlock,
  readFile,
  resolvePath,
  walkDag,
} from '@granary/content'
import type { CID } from 'multiformats/cid'
import type { PieceBlocks } from './piece-blocks.ts'
import type { CarFormat } from './wanted-format.ts'

export interface DagPath {
  readonly root: string
  readonly names: readonly string[]
}

export interface DagTarget {
  readonly cid: string
  /** CIDs of the blocks that lead to it, from the root. */
  readonly onTheWay: readonly string[]
}

export interface FileFacts {
  readonly bytes: number
  /** The first bytes, by which its type is guessed. */
  readonly head: Uint8Array
}

export interface DagReader {
  /** The block at its end is here. @throws what resolvePath throws, BLOCK_MISSING */
  target(path: DagPath, options?: ReadOptions): Promise<DagTarget>
  block(cid: string, options?: ReadOptions): Promise<Uint8Array>
  /** @throws NotAFileError NOT_A_FILE, DagInvalidError DAG_INVALID */
  file(cid: string, options?: ReadOptions): Promise<FileFacts>
  car(path: DagPath, format: CarFormat, options?: ReadOptions): AsyncIterable<Uint8Array>
  /** Bytes `from` to `to`, exclusive, of a file. */
  fileBytes(cid: string, from: number, to: number, options?: ReadOptions): AsyncIterable<Uint8Array>
}

const HEAD_BYTES = 512

export function createDagReader(blocks: PieceBlocks): DagReader {
  return {
    async target({ root, names }, options = {}) {
      const { cid, blocks: onTheWay } = await resolvePath(parseCid(root), names, blocks, options)
      // What is not here is said now; the answer's headers are a promise that it is.
      await readBlock(blocks, cid, options)
      return { cid: cid.toString(), onTheWay: onTheWay.map((block) => block.cid.toString()) }
    },
    block: (cid, options = {}) => readBlock(blocks, parseCid(cid), options),
    async file(text, options = {}) {
      const cid = parseCid(text)
      const head: Uint8Array[] = []
      const bytes = await fileLength(cid, blocks, options)
      for await (const part of readFile(cid, blocks, { ...options, offset: 0, length: HEAD_BYTES })) head.push(part)
      return { bytes, head: Buffer.concat(head) }
    },
    car: ({ root, names }, format, options = {}) => carOf(parseCid(root), names, format, blocks, options),
    fileBytes: (cid, from, to, options = {}) =>
      readFile(parseCid(cid), blocks, { ...options, offset: from, length: to - from }),
  }
}

async function* carOf(
  root: CID,
  names: readonly string[],
  format: CarFormat,
  store: PieceBlocks,
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const { cid, blocks: onTheWay } = await resolvePath(root, names, store, options)
  yield carHeader([cid])
  const seen = new Set<string>()
  const sections = function* (block: Block): Generator<Uint8Array> {
    if (inlineBytes(block.cid) === undefined) yield* carSection(block)
  }
  const unseen = function* (block: Block): Generator<Uint8Array> {
    const key = block.cid.toV1().toString()
    if (seen.has(key)) return
    if (!format.dups) seen.add(key)
    yield* sections(block)
  }
  for (const block of onTheWay) yield* unseen(block)
  if (format.scope === 'all') {
    for await (const block of walkDag(cid, store, { ...options, seen, dups: format.dups })) yield* sections(block)
    return
  }
  for await (const block of scopeBlocks(cid, format, store, options)) yield* unseen(block)
}

function scopeBlocks(
  cid: CID,
  { scope, entityBytes, dups }: CarFormat,
  store: PieceBlocks,
  options: ReadOptions,
): AsyncGenerator<Block> {
  const range = entityBytes === undefined ? undefined : (bytes: number) => absoluteRange(entityBytes, bytes)
  return scope === 'block' ? oneBlock(cid, store, options) : entityBlocks(cid, store, { ...options, range, dups })
}

async function* oneBlock(cid: CID, store: PieceBlocks, options: ReadOptions): AsyncGenerator<Block> {
  yield { cid, bytes: await readBlock(store, cid, options) }
}

/** Negative numbers count from the end; the end is inclusive. */
function absoluteRange(
  { from, to }: NonNullable<CarFormat['entityBytes']>,
  bytes: number,
): { offset: number; length: number } {
  const offset = Math.max(0, from < 0 ? bytes + from : from)
  const last = to === undefined ? bytes - 1 : to < 0 ? bytes + to : to
  return { offset, length: Math.max(0, last - offset + 1) }
}
