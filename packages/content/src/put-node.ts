/** A block is put under its CID (sha2-256), and what a link to it must say is handed back. */
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import type { ImportProfile } from './profile.ts'
import { sha256Of } from './sha256-of.ts'
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

/**
 * Begins to hash a leaf, whose memory may be used again as soon as this has returned.
 * @returns what puts it, once it is its turn
 */
export function beginLeaf(data: Uint8Array, context: PutContext): () => Promise<PutNode> {
  const { store, profile, signal } = context
  const block = profile.rawLeaves ? data : wrappedLeaf(data)
  const size = { blockBytes: block.length, dataBytes: data.length }
  // A store keeps what it is given, and a raw leaf may be in memory of its source.
  const kept = store.putLeaf !== undefined ? undefined : profile.rawLeaves ? block.slice() : block
  const hashed = cidOf(profile.rawLeaves ? raw.code : dagPb.code, block, context)
  return async () => {
    const cid = await hashed
    signal?.throwIfAborted()
    if (kept === undefined) await store.putLeaf!(cid, size)
    else await store.put(cid, kept, optionsOf(context))
    return { cid, fileBytes: size.dataBytes, dagBytes: size.blockBytes }
  }
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
  const digest = Digest.create(sha256.code, await sha256Of(bytes))
  return profile.cidVersion === 0 ? CID.createV0(digest) : CID.createV1(code, digest)
}

function optionsOf({ signal }: PutContext): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
