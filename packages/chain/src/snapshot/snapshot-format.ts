/**
 * A state in frames, each a dag-cbor tuple: the head first, then the chunks. A chunk holds the records below one prefix of the
 * state's tree, in the order of their paths; the head names the node that stands there, so each chunk can be verified by itself
 * against the app hash. A file has before them what names that app hash: signed blocks. docs/spec/chain.md, section 7.
 */
import { equalBytes, fromHex } from '@granary/base'
import { decodeTuple, encodeTuple } from '@granary/protocol/codec'
import { appHashOf, HASH_BYTES, pathOf, valueHashOf } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { StateRecord } from '../state/index.ts'
import { SCHEMA_VERSION } from '../store/schema.ts'
import { hashOfNode, type Leaf, nodeOfLeaves, parentOf, type TreeNode } from '../tree/node.ts'
import { compareBytes } from '../tree/update-tree.ts'

export interface SignedBytes {
  readonly header: Uint8Array
  readonly signature: Uint8Array
}

/** What shows that the chain has the state of a file. */
export interface SignedBlocks {
  readonly genesisHash: Hash
  /** The block after which the state is that of the snapshot. */
  readonly block: SignedBytes
  /** The block after it: its header names the app hash, and who imports executes it. */
  readonly next: SignedBytes & { readonly txs: readonly Uint8Array[] }
}

export interface StateHead {
  /** Records beside the tree, as they go into the app hash. */
  readonly outside: Uint8Array
  /** Nodes of the tree at one depth, from left to right: one a chunk. */
  readonly tops: readonly TreeNode[]
}

/** How records are encoded: those of a store. */
export const RECORDS_VERSION: number = SCHEMA_VERSION
const FILE_MAGIC = utf8ToBytes(`granary-snapshot-2-${RECORDS_VERSION}`)
const STATE_MAGIC = utf8ToBytes(`granary-state-${RECORDS_VERSION}`)
const CHUNK_RECORDS = 4_096
const CHUNK_BYTES = 2 ** 20
const NIBBLE_BITS = 4
const DIGITS_MAX = 4
export const CHUNKS_MAX: number = 16 ** DIGITS_MAX
/** Of a file: a whole block is the largest. */
export const FRAME_BYTES_MAX: number = 64 * 2 ** 20
/** Of a head or a chunk: CometBFT passes no more than 16 MB on. */
export const CHUNK_BYTES_MAX: number = 15 * 2 ** 20
/** A head of all chunks, and a chunk of the smallest records, have no more. */
const ITEMS_MAX = 2 ** 20

/** Nibbles of the chunks' prefixes: so many that a chunk has some thousand records, and about a MiB. Follows from the state alone. */
export function prefixDigits(records: number, bytes: number): number {
  let digits = 0
  while (digits < DIGITS_MAX && (records > CHUNK_RECORDS * 16 ** digits || bytes > CHUNK_BYTES * 16 ** digits)) digits++
  return digits
}

export function digitsOf({ tops }: StateHead): number {
  return Math.log2(tops.length) / NIBBLE_BITS
}

/** Where the paths of a chunk begin; those of the last one end with all paths. */
export function firstPath(chunk: number, digits: number): Uint8Array {
  const first = new DataView(new ArrayBuffer(HASH_BYTES))
  first.setUint32(0, chunk * 2 ** (32 - NIBBLE_BITS * digits))
  return new Uint8Array(first.buffer)
}

/** @throws TypeError when the records are not in the order of their paths, each once */
export function topOfChunk(records: readonly StateRecord[], digits: number): TreeNode {
  const leaves = records.map(
    ([key, value]): Leaf => ({ kind: 'leaf', path: pathOf(key), valueHash: valueHashOf(value) }),
  )
  const ordered = leaves.every(({ path }, at) => at === 0 || compareBytes(leaves[at - 1]!.path, path) < 0)
  if (!ordered) throw new TypeError('its records are not in the order of their paths')
  return nodeOfLeaves(leaves, NIBBLE_BITS * digits)
}

function rootOfTops(tops: readonly TreeNode[]): TreeNode {
  let level = tops
  while (level.length > 1) {
    const below = level
    level = Array.from({ length: below.length / 2 }, (_, at) => parentOf(below[2 * at], below[2 * at + 1]))
  }
  return level[0]
}

/** The app hash of the state that a head is of. */
export function appHashOfHead({ outside, tops }: StateHead): Hash {
  return hashOf(appHashOf(hashOfNode(rootOfTops(tops)), sha256(outside)))
}

export function encodeSigned({ genesisHash, block, next }: SignedBlocks): Uint8Array {
  return encodeTuple([
    FILE_MAGIC,
    fromHex(genesisHash),
    [block.header, block.signature],
    [next.header, next.signature, next.txs],
  ])
}

/** @throws MessageInvalidError, TypeError for anything that encodeSigned does not give */
export function decodeSigned(bytes: Uint8Array): SignedBlocks {
  const [magic, genesis, block, next] = listOf(decodeTuple(bytes, 'snapshot', ITEMS_MAX))
  if (!equalBytes(bytesOf(magic), FILE_MAGIC)) throw new TypeError('it does not begin as a snapshot of this version')
  const [header, signature] = listOf(block, 2).map((part) => bytesOf(part))
  const [nextHeader, nextSignature, txs] = listOf(next, 3)
  return {
    genesisHash: hashOf(bytesOf(genesis, 32)),
    block: { header: header!, signature: signature! },
    next: { header: bytesOf(nextHeader), signature: bytesOf(nextSignature), txs: listOf(txs).map((tx) => bytesOf(tx)) },
  }
}

export function encodeHead({ outside, tops }: StateHead): Uint8Array {
  return encodeTuple([
    STATE_MAGIC,
    outside,
    tops.map((node) => (node === undefined ? [] : node.kind === 'inner' ? [node.hash] : [node.path, node.valueHash])),
  ])
}

/** @throws MessageInvalidError, TypeError for anything that encodeHead does not give */
export function decodeHead(bytes: Uint8Array): StateHead {
  const [magic, outside, tops] = listOf(decodeTuple(bytes, 'state', ITEMS_MAX), 3)
  if (!equalBytes(bytesOf(magic), STATE_MAGIC)) throw new TypeError('it does not begin as a state of this version')
  const nodes = listOf(tops).map((top): TreeNode => {
    const [first, second] = listOf(top).map((hash) => bytesOf(hash, 32))
    if (first === undefined) return undefined
    return second === undefined ? { kind: 'inner', hash: first } : { kind: 'leaf', path: first, valueHash: second }
  })
  const digits = Math.log2(nodes.length) / NIBBLE_BITS
  if (!Number.isInteger(digits) || digits > DIGITS_MAX) throw new TypeError('its chunks are not a power of 16')
  return { outside: bytesOf(outside), tops: nodes }
}

export function encodeRecords(records: readonly StateRecord[]): Uint8Array {
  return encodeTuple(records.map(([key, value]) => [utf8ToBytes(key), value]))
}

/** @throws MessageInvalidError, TypeError */
export function decodeRecords(bytes: Uint8Array): StateRecord[] {
  const text = new TextDecoder('utf-8', { fatal: true })
  return listOf(decodeTuple(bytes, 'records', ITEMS_MAX)).map((record) => {
    const [key, value] = listOf(record, 2).map((part) => bytesOf(part))
    return [text.decode(key), value!]
  })
}

function listOf(wire: unknown, length?: number): readonly unknown[] {
  if (!Array.isArray(wire) || (length !== undefined && wire.length !== length)) {
    throw new TypeError('a list has another length')
  }
  return wire
}

function bytesOf(wire: unknown, length?: number): Uint8Array {
  if (!(wire instanceof Uint8Array) || (typeof length === 'number' && wire.length !== length)) {
    throw new TypeError('a field is not made of the bytes that it should have')
  }
  return wire
}
