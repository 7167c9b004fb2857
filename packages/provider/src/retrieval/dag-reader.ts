/**
 * What the gateway reads of a DAG that somebody else made: where a path leads, a block, a file, a CAR. To decode a block can
 * take as long as its maker likes, so a provider reads on a thread of its own (dag-thread.ts), where nothing waits but
 * other readers.
 */

import { GranaryError } from '@granary/base'
import {
  type Block,
  carHeader,
  carSection,
  dagObjectText,
  entityBlocks,
  inlineBytes,
  linksOf,
  listDirectory,
  NotAFileError,
  parseCid,
  type ReadOptions,
  readBlock,
  readFile,
  resolvePath,
  unixFsNode,
  walkDag,
} from '@granary/content'
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { headBytes, mediaTypeOf } from './media-type.ts'
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

/** What a block is, to who asks for it without saying in which form. */
export type DagEntity =
  | { readonly kind: 'file'; readonly bytes: number; readonly mediaType: string | undefined }
  /** `index`: the CID of its index.html, where that is a file. */
  | { readonly kind: 'directory'; readonly index: string | undefined }
  | { readonly kind: 'symlink'; readonly target: string }

export interface Listing {
  readonly entries: readonly { readonly name: string; readonly cid: string }[]
  /** Whether these are all. */
  readonly isWhole: boolean
}

export interface DagReader {
  /** The block at its end is here. @throws what resolvePath throws, BLOCK_MISSING */
  target(path: DagPath, options?: ReadOptions): Promise<DagTarget>
  block(cid: string, options?: ReadOptions): Promise<Uint8Array>
  /**
   * @param sniff: whether the type of a file is to be found by its first bytes
   * @throws NotAFileError NOT_A_FILE, DagInvalidError DAG_INVALID
   */
  entity(cid: string, sniff: boolean, options?: ReadOptions): Promise<DagEntity>
  /** Of a directory, its first entries. */
  list(cid: string, options?: ReadOptions): Promise<Listing>
  /** An object as text for people; undefined for one that is too much for that. @throws DagInvalidError DAG_INVALID */
  objectText(cid: string, options?: ReadOptions): Promise<string | undefined>
  car(path: DagPath, format: CarFormat, options?: ReadOptions): AsyncIterable<Uint8Array>
  /** Bytes `from` to `to`, exclusive, of a file. */
  fileBytes(cid: string, from: number, to: number, options?: ReadOptions): AsyncIterable<Uint8Array>
}

const ENTRIES_LISTED_MAX = 1_000
const INDEX = 'index.html'
/** Files whose type has been found out: a few bytes each, in place of a leaf that is read and hashed for each request. */
const MEDIA_TYPES_KEPT = 4_096

export function createDagReader(blocks: PieceBlocks): DagReader {
  // What is under a CID is the same for ever; the first one that was found goes first.
  const mediaTypes = new Map<string, string>()

  async function mediaTypeUnder(cid: CID, options: ReadOptions): Promise<string> {
    const key = cid.toString()
    const known = mediaTypes.get(key)
    if (known !== undefined) return known
    const { bytes, isWhole } = await headOf(cid, blocks, options)
    const mediaType = await mediaTypeOf(bytes)
    if (!isWhole) return mediaType
    if (mediaTypes.size >= MEDIA_TYPES_KEPT) mediaTypes.delete(mediaTypes.keys().next().value!)
    mediaTypes.set(key, mediaType)
    return mediaType
  }

  return {
    async target({ root, names }, options = {}) {
      const { cid, blocks: onTheWay } = await resolvePath(parseCid(root), names, blocks, options)
      // What is not here is said now; the answer's headers are a promise that it is. A leaf, which may have 2 MiB, is read by what
      // follows, before they go out.
      if (cid.code !== raw.code || !blocks.has(cid)) await readBlock(blocks, cid, options)
      return { cid: cid.toString(), onTheWay: onTheWay.map((block) => block.cid.toString()) }
    },
    block: (cid, options = {}) => readBlock(blocks, parseCid(cid), options),
    async entity(text, sniff, options = {}) {
      const cid = parseCid(text)
      const node = unixFsNode(cid, await readBlock(blocks, cid, options))
      switch (node.kind) {
        case 'file': {
          const mediaType = sniff ? await mediaTypeUnder(cid, options) : undefined
          return { kind: 'file', bytes: node.fileBytes, mediaType }
        }
        case 'directory':
        case 'shard':
          return { kind: 'directory', index: await fileUnder(cid, INDEX, blocks, options) }
        case 'symlink':
          return { kind: 'symlink', target: new TextDecoder().decode(node.target) }
        case 'other':
          throw new NotAFileError(cid, node.what)
      }
    },
    async list(text, options = {}) {
      const entries: { name: string; cid: string }[] = []
      for await (const { name, cid } of listDirectory(parseCid(text), blocks, options)) {
        if (entries.length === ENTRIES_LISTED_MAX) return { entries, isWhole: false }
        entries.push({ name, cid: cid.toString() })
      }
      return { entries: entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)), isWhole: true }
    },
    async objectText(text, options = {}) {
      const cid = parseCid(text)
      return await dagObjectText(cid, await readBlock(blocks, cid, options))
    },
    car: ({ root, names }, format, options = {}) => carOf(parseCid(root), names, format, blocks, options),
    fileBytes: (cid, from, to, options = {}) =>
      readFile(parseCid(cid), blocks, { ...options, offset: from, length: to - from }),
  }
}

/** As much of a file's first bytes as is here: a part of it that is not may not be wanted. */
async function headOf(
  cid: CID,
  store: PieceBlocks,
  options: ReadOptions,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const head: Uint8Array[] = []
  let isWhole = true
  try {
    for await (const part of readFile(cid, store, { ...options, offset: 0, length: headBytes })) head.push(part)
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'BLOCK_MISSING') throw error
    isWhole = false
  }
  return { bytes: Buffer.concat(head), isWhole }
}

async function fileUnder(
  root: CID,
  name: string,
  store: PieceBlocks,
  options: ReadOptions,
): Promise<string | undefined> {
  try {
    const { cid } = await resolvePath(root, [name], store, options)
    const isFile = unixFsNode(cid, await readBlock(store, cid, options)).kind === 'file'
    return isFile ? cid.toString() : undefined
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'PATH_NOT_FOUND') return undefined
    throw error
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
  const seen = new Set<string>()
  const isNew = ({ cid }: Block): boolean => {
    const key = cid.toV1().toString()
    if (seen.has(key)) return false
    if (!format.dups) seen.add(key)
    return true
  }
  async function* wanted(): AsyncGenerator<Block> {
    for (const block of onTheWay) if (isNew(block)) yield block
    if (format.scope === 'all') return yield* walkDag(cid, store, { ...options, seen, dups: format.dups })
    for await (const block of scopeBlocks(cid, format, store, options)) if (isNew(block)) yield block
  }
  let isHeaderDue = true
  for await (const block of format.scope === 'block' ? wanted() : fromFirstLeaf(wanted())) {
    if (isHeaderDue) yield carHeader([cid])
    isHeaderDue = false
    if (inlineBytes(block.cid) === undefined) yield* carSection(block)
  }
  if (isHeaderDue) yield carHeader([cid])
}

/** More than the levels of any file that this program makes; a shard of a directory has more, and is given as it is read. */
const HELD_MAX = 32
const DAG_PB = 0x70

/**
 * The nodes that lead to the first leaf together with it: of a file that is here in part they may all be here, and what
 * they lead to elsewhere. So an answer that begins has something of what was asked for.
 */
async function* fromFirstLeaf(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  let held: Block[] | undefined = []
  for await (const block of blocks) {
    if (held === undefined) {
      yield block
      continue
    }
    held.push(block)
    if (held.length < HELD_MAX && (await isNode(block))) continue
    yield* held
    held = undefined
  }
  yield* held ?? []
}

/** Of a file: objects of other codecs are content themselves. */
async function isNode({ cid, bytes }: Block): Promise<boolean> {
  return cid.code === DAG_PB && (await linksOf(cid, bytes)).length > 0
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
