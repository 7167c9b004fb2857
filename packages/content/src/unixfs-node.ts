/** A block read as what it is in UnixFS. Everything that a stranger wrote is checked here, before anything is built on it. */
import * as dagPb from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import * as json from 'multiformats/codecs/json'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { DagInvalidError } from './dag-invalid-error.ts'
import { CBOR_CODE, nodeBytesMax } from './dag-object.ts'
import { dagBytesOf, type Shard, shardOf } from './shard.ts'
import { type UnixFsData, unixFsData } from './unixfs-data.ts'

export interface FileChild {
  readonly cid: CID
  readonly bytes: number
}

export interface FileNode {
  readonly kind: 'file'
  /** The file's bytes in this very block; they come before those of the children. */
  readonly data: Uint8Array
  readonly children: readonly FileChild[]
  /** All bytes of the file at and under this block. */
  readonly fileBytes: number
}

export interface Directory {
  readonly kind: 'directory'
  readonly entries: ReadonlyMap<string, CID>
  /** Of each entry's DAG, by its name, where the block says so. */
  readonly dagBytes: ReadonlyMap<string, number>
}

export interface Symlink {
  readonly kind: 'symlink'
  /** The path that it points to, as it was written. */
  readonly target: Uint8Array
}

/** What is neither a file nor a directory, and what it is instead. */
export interface Other {
  readonly kind: 'other'
  readonly what: string
}

export type UnixFsNode = FileNode | Directory | Shard | Symlink | Other

/** @throws DagInvalidError DAG_INVALID */
export function unixFsNode(cid: CID, bytes: Uint8Array): UnixFsNode {
  if (cid.code === raw.code || cid.code === identity.code)
    return { kind: 'file', data: bytes, children: [], fileBytes: bytes.length }
  if (cid.code !== dagPb.code) return { kind: 'other', what: objectName(cid.code) }
  if (bytes.length > nodeBytesMax) throw new DagInvalidError(cid, `a node of ${bytes.length} bytes`)
  const links = linksAndData(cid, bytes)
  const data = links.data === undefined ? undefined : unixFsData(links.data)
  if (data === undefined) throw new DagInvalidError(cid, 'a dag-pb node without UnixFS data')
  switch (data.type) {
    case 'raw':
    case 'file':
      return fileOf(cid, data, links.links)
    case 'directory':
      return { kind: 'directory', entries: entriesOf(links.links), dagBytes: dagBytesOf(links.links) }
    case 'shard':
      return shardOf(cid, data, links.links)
    case 'symlink':
      return { kind: 'symlink', target: data.data }
    case 'metadata':
      return { kind: 'other', what: data.type }
  }
}

function linksAndData(cid: CID, bytes: Uint8Array): { links: dagPb.PBLink[]; data: Uint8Array | undefined } {
  try {
    const { Links, Data } = dagPb.decode(bytes)
    return { links: Links, data: Data }
  } catch (cause) {
    throw new DagInvalidError(cid, Error.isError(cause) ? cause.message : String(cause), cause)
  }
}

function fileOf(cid: CID, { data, blockSizes }: UnixFsData, links: readonly dagPb.PBLink[]): FileNode {
  if (blockSizes.length !== links.length)
    throw new DagInvalidError(cid, `${blockSizes.length} sizes for ${links.length} links`)
  const children = links.map((link, at) => ({ cid: link.Hash, bytes: blockSizes[at]! }))
  const fileBytes = children.reduce((sum, child) => sum + child.bytes, data.length)
  if (!Number.isSafeInteger(fileBytes)) throw new DagInvalidError(cid, `a file of ${fileBytes} bytes`)
  return { kind: 'file', data, children, fileBytes }
}

/** In the order of the block; of two entries with one name the first counts. */
function entriesOf(links: readonly dagPb.PBLink[]): Map<string, CID> {
  const entries = new Map<string, CID>()
  for (const { Name: name = '', Hash: cid } of links) if (!entries.has(name)) entries.set(name, cid)
  return entries
}

function objectName(code: number): string {
  if (code === json.code) return 'JSON object'
  return code === CBOR_CODE ? 'CBOR object' : `data object (codec 0x${code.toString(16)})`
}
