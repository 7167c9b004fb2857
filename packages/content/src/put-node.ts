/** A block is put under its CID (version 1, sha2-256), and what a link to it must say is handed back. */
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { ContentStore, ReadOptions } from './store.ts'
import { encodeUnixFsData, type NewUnixFsData } from './unixfs-data.ts'

export interface PutNode {
  readonly cid: CID
  /** Of the file at and under this block. */
  readonly fileBytes: number
  /** Of this block and all under it: a link's `Tsize`. */
  readonly dagBytes: number
}

export interface NewNode {
  readonly data: NewUnixFsData
  /** By their names; those of a file's blocks have none. */
  readonly links: readonly (readonly [name: string, node: PutNode])[]
}

export async function putLeaf(bytes: Uint8Array, store: ContentStore, options: ReadOptions = {}): Promise<PutNode> {
  const cid = await putBlock(raw.code, bytes, store, options)
  return { cid, fileBytes: bytes.length, dagBytes: bytes.length }
}

export async function putNode(node: NewNode, store: ContentStore, options: ReadOptions = {}): Promise<PutNode> {
  const bytes = encodeNode(node)
  const cid = await putBlock(dagPb.code, bytes, store, options)
  const dagBytes = node.links.reduce((sum, [, child]) => sum + child.dagBytes, bytes.length)
  return { cid, fileBytes: node.data.fileBytes ?? 0, dagBytes }
}

/** Links of a directory stand in the order of their names' bytes, whatever order they came in. */
export function encodeNode({ data, links }: NewNode): Uint8Array {
  const Links = links.map(([Name, { cid, dagBytes }]) => ({ Name, Hash: cid, Tsize: dagBytes }))
  return dagPb.encode(dagPb.prepare({ Data: encodeUnixFsData(data), Links }))
}

async function putBlock(code: number, bytes: Uint8Array, store: ContentStore, options: ReadOptions): Promise<CID> {
  options.signal?.throwIfAborted()
  const cid = CID.createV1(code, await sha256.digest(bytes))
  await store.put(cid, bytes, options.signal === undefined ? {} : { signal: options.signal })
  return cid
}
