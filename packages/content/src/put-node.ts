/** A block is put under its CID (sha2-256), and what a link to it must say is handed back. */
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { ImportProfile } from './profile.ts'
import type { BlockWriter } from './store.ts'
import { encodeUnixFsData, type NewUnixFsData } from './unixfs-data.ts'

/** Where blocks go, and how they are made. */
export interface PutContext {
  readonly store: BlockWriter
  readonly profile: ImportProfile
  readonly signal?: AbortSignal | undefined
}

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

export async function putLeaf(data: Uint8Array, context: PutContext): Promise<PutNode> {
  const { store, profile, signal } = context
  const block = profile.rawLeaves ? data : wrappedLeaf(data)
  const cid = await cidOf(profile.rawLeaves ? raw.code : dagPb.code, block, context)
  signal?.throwIfAborted()
  // A store keeps what it is given, and a raw leaf may be in memory of its source.
  if (store.putLeaf === undefined) await store.put(cid, profile.rawLeaves ? block.slice() : block, optionsOf(context))
  else await store.putLeaf(cid, block, data.length)
  return { cid, fileBytes: data.length, dagBytes: block.length }
}

/** The block of a chunk where leaves are not raw. */
export function wrappedLeaf(data: Uint8Array): Uint8Array {
  const message: NewUnixFsData = { type: 'file', fileBytes: data.length }
  return encodeNode({ data: data.length === 0 ? message : { ...message, data }, links: [] })
}

export async function putNode(node: NewNode, context: PutContext): Promise<PutNode> {
  const bytes = encodeNode(node)
  const cid = await cidOf(dagPb.code, bytes, context)
  context.signal?.throwIfAborted()
  await context.store.put(cid, bytes, optionsOf(context))
  const dagBytes = node.links.reduce((sum, [, child]) => sum + child.dagBytes, bytes.length)
  return { cid, fileBytes: node.data.fileBytes ?? 0, dagBytes }
}

/** Links of a directory stand in the order of their names' bytes, whatever order they came in. */
export function encodeNode({ data, links }: NewNode): Uint8Array {
  const Links = links.map(([Name, { cid, dagBytes }]) => ({ Name, Hash: cid, Tsize: dagBytes }))
  return dagPb.encode(dagPb.prepare({ Data: encodeUnixFsData(data), Links }))
}

async function cidOf(code: number, bytes: Uint8Array, { profile }: PutContext): Promise<CID> {
  const digest = await sha256.digest(bytes)
  return profile.cidVersion === 0 ? CID.createV0(digest) : CID.createV1(code, digest)
}

function optionsOf({ signal }: PutContext): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
