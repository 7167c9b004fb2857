/**
 * Content back by its CID, as a pipe: located by the deals of the chain, fetched from whoever gives it, each block verified
 * against the DAG, given out as it comes. What is known before the first byte: what it is, and how long.
 */
import { GranaryError } from '@granary/base'
import {
  type BlockReader,
  type CID,
  type Directory,
  NotAFileError,
  readBlock,
  readFile,
  resolvePath,
  type UnixFsNode,
  unixFsNode,
} from '@granary/content'
import type { BlockPool, CarRequest } from './block-pool.ts'
import { type FetchOptions, type GetPorts, type OpenContent, openContent, textOf } from './open-content.ts'
import { parseContentPath } from './parse-content-path.ts'
import { type HolderReport, reportOf } from './report.ts'
import type { Extent, FolderEntry } from './walk-content.ts'

/** Bytes from `start` up to, and without, `end`. */
export interface ByteRange {
  /** The first byte. */
  readonly start: number
  /** The byte after the last. @default the end of the file */
  readonly end?: number | undefined
}

/** What of a file is fetched, and from whom. */
export interface GetOptions extends FetchOptions {
  /**
   * Of a folder that has a file and nothing else, such as `put` makes around a file so that its name is kept: that file.
   * A folder that somebody has filled with one file is no different. @default false
   */
  readonly unwrap?: boolean | undefined
  /** Of a file. @default all of it */
  readonly range?: ByteRange | undefined
}

interface Got {
  /** Of what is at the end of the path. */
  readonly cid: string
  /** Its name in the folder that it was found in, as somebody has written it; undefined of a root. */
  readonly name?: string | undefined
  /** Who has given how much until now. */
  readonly report: readonly HolderReport[]
  /** All of it, and all below it, as a CAR: version 1, one root, depth-first, no block twice; each block verified. */
  car(): AsyncIterable<Uint8Array>
  /** Lets go of what is still coming; for who reads nothing, since what has been read to its end has done so itself. */
  close(): void
}

/** A file: its size in bytes, and its bytes as a stream. */
export interface GotFile extends Got {
  readonly type: 'file'
  /** Bytes that the stream gives: of the file, or of the range of it. */
  readonly size: number
  /** Each byte verified. It gives all of them or throws; it can be called again. */
  stream(): AsyncIterable<Uint8Array>
}

/** A folder, and what is in it. */
export interface GotFolder extends Got {
  readonly type: 'directory'
  /** What is in it and below, a folder before what is in it. */
  entries(): AsyncIterable<FolderEntry>
}

/** A link, and where it leads. */
export interface GotSymlink extends Got {
  readonly type: 'symlink'
  /** As it was written; it may point anywhere. */
  readonly target: string
}

/** What is no part of UnixFS, such as a dag-cbor object: only its blocks can be had. */
export interface GotObject extends Got {
  readonly type: 'object'
  /** For people. */
  readonly what: string
}

/** What a CID and a path lead to. */
export type Retrieved = GotFile | GotFolder | GotSymlink | GotObject

export class RangeOutsideError extends GranaryError {
  /** @param size of the file, where that is known already */
  constructor({ start, end }: ByteRange, size?: number) {
    super({
      code: 'RANGE_INVALID',
      message: `bytes ${start} to ${end ?? 'the end'} are not within ${size === undefined ? 'a file' : `the ${size} bytes of the file`}`,
      hint: 'ask for a range that begins within the file and ends after its beginning',
      details: { start, end: end ?? null, size },
    })
  }
}

/**
 * @param rootOrPath root CID as put prints it, in any base and version, with a path below it: `CID/a/b`, `ipfs://CID/a/b`
 * @throws CidInvalidError, CidNotStoredError, PathNotFoundError, NotAFileError, RangeOutsideError, DagInvalidError,
 * RetrievalFailedError
 */
export async function get(ports: GetPorts, rootOrPath: string, options: GetOptions = {}): Promise<Retrieved> {
  const { range } = options
  if (range !== undefined) checkRange(range)
  const path = parseContentPath(rootOrPath)
  const whole: CarRequest =
    range === undefined
      ? { path: textOf(path), scope: 'all' }
      : { path: textOf(path), scope: 'entity', from: range.start, to: range.end }
  const fetched = await openContent(ports, path, options)
  const pool = fetched.pool()
  try {
    const store = pool.reader(() => whole)
    const { cid } = await resolvePath(path.root, path.names, store, options)
    const found: Found = { cid, name: path.names.at(-1), node: unixFsNode(cid, await readBlock(store, cid, options)) }
    const { node } = found
    const wrapped = options.unwrap && node.kind === 'directory' ? await onlyFile(node, pool, options) : undefined
    const wanted = wrapped ?? found
    if (range !== undefined && wanted.node.kind !== 'file') throw new NotAFileError(wanted.cid, kindOf(wanted.node))
    return gotOf(wanted, pool, fetched, range)
  } catch (error) {
    pool.close()
    throw error
  }
}

interface Found {
  readonly cid: CID
  readonly name: string | undefined
  readonly node: UnixFsNode
}

/** The entry of a folder that has no other, where it is a file. */
async function onlyFile({ entries }: Directory, pool: BlockPool, options: GetOptions): Promise<Found | undefined> {
  const [first, ...others] = entries
  if (first === undefined || others.length > 0) return undefined
  const [name, cid] = first
  const { start: from, end: to } = options.range ?? {}
  const store = pool.reader(() => ({
    path: cid.toString(),
    scope: 'entity',
    ...(from === undefined ? {} : { from, to }),
  }))
  const node = unixFsNode(cid, await readBlock(store, cid, options))
  return node.kind === 'file' ? { cid, name, node } : undefined
}

function gotOf(
  { cid, name, node }: Found,
  first: BlockPool,
  fetched: OpenContent,
  range: ByteRange | undefined,
): Retrieved {
  const got = {
    cid: cid.toString(),
    ...(name === undefined ? {} : { name }),
    get report() {
      return reportOf(fetched.holders)
    },
    close: () => first.close(),
    async *car() {
      yield* (await import('./walk-content.ts')).carOf(cid, pool, fetched)
    },
  }
  /** What has begun to come is for the first who reads. */
  const begun: BlockPool[] = [first]
  const pool = (): BlockPool => begun.pop() ?? fetched.pool()
  switch (node.kind) {
    case 'file': {
      const { start, end } = within(range, node.fileBytes)
      const stream = () => fileStream(cid, { start, end }, pool, fetched)
      return Object.assign(got, { type: 'file' as const, size: end - start, stream })
    }
    case 'directory':
    case 'shard':
      return Object.assign(got, {
        type: 'directory' as const,
        async *entries() {
          yield* (await import('./walk-content.ts')).folderEntries(cid, pool, fetched, fileBytes)
        },
      })
    case 'symlink':
      first.close()
      return Object.assign(got, { type: 'symlink' as const, target: new TextDecoder().decode(node.target) })
    case 'other':
      first.close()
      return Object.assign(got, { type: 'object' as const, what: node.what })
  }
}

function checkRange(range: ByteRange): void {
  const { start, end = Number.MAX_SAFE_INTEGER } = range
  if (Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(end) && end > start) return
  throw new RangeOutsideError(range)
}

/** The part of the range that is there. */
function within(range: ByteRange | undefined, fileBytes: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: fileBytes }
  if (range.start >= fileBytes) throw new RangeOutsideError(range, fileBytes)
  return { start: range.start, end: Math.min(range.end ?? fileBytes, fileBytes) }
}

async function* fileStream(
  cid: CID,
  extent: Extent,
  open: () => BlockPool,
  { signal, tell }: OpenContent,
): AsyncGenerator<Uint8Array> {
  const pool = open()
  const size = extent.end - extent.start
  let bytes = 0
  try {
    for await (const part of fileBytes(cid, extent, pool, signal)) {
      yield part
      bytes += part.length
      tell({ type: 'get:progress', bytes, size })
    }
  } finally {
    pool.close()
  }
}

async function* fileBytes(
  cid: CID,
  { start, end }: Extent,
  pool: BlockPool,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (end === start) return
  const path = cid.toString()
  let at = start
  const store: BlockReader = pool.reader(() => ({ path, scope: 'entity', from: at, to: end }))
  for await (const part of readFile(cid, store, { offset: start, length: end - start, signal })) {
    at += part.length
    yield part
  }
  if (at !== end) throw new RangeError(`${at} of ${end} bytes were read, of blocks whose sizes add up`)
}

function kindOf(node: UnixFsNode): string {
  return node.kind === 'other' ? node.what : node.kind === 'shard' ? 'directory' : node.kind
}
