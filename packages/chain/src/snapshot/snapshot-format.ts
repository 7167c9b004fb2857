/**
 * A snapshot file: frames of `u32BE length ‖ dag-cbor tuple`, the head first, then the chunks. A chunk holds the records
 * below one prefix of the state's tree, in the order of their paths; the head names the node that stands there, so each
 * chunk can be verified by itself against the app hash. docs/spec/chain.md, section 7.
 */
import { equalBytes, fromHex } from '@granary/base'
import { decodeTuple, encodeTuple } from '@granary/protocol/codec'
import { pathOf, valueHashOf } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { StateRecord } from '../state/index.ts'
import { SCHEMA_VERSION } from '../store/schema.ts'
import { type Leaf, nodeOfLeaves, parentOf, type TreeNode } from '../tree/node.ts'
import { compareBytes } from '../tree/update-tree.ts'

export interface SignedBytes {
  readonly header: Uint8Array
  readonly signature: Uint8Array
}

export interface SnapshotHead {
  readonly genesisHash: Hash
  /** The block after which the state is that of the snapshot. */
  readonly block: SignedBytes
  /** The block after it: its header names the app hash, and who imports executes it. */
  readonly next: SignedBytes & { readonly txs: readonly Uint8Array[] }
  /** Records beside the tree, as they go into the app hash. */
  readonly outside: Uint8Array
  /** Nodes of the tree at one depth, from left to right: one a chunk. */
  readonly tops: readonly TreeNode[]
}

/** Its records are those of a store. */
const MAGIC = utf8ToBytes(`granary-snapshot-${SCHEMA_VERSION}`)
const CHUNK_RECORDS = 4_096
const NIBBLE_BITS = 4
export const FRAME_BYTES_MAX: number = 256 * 2 ** 20

/** Nibbles of the chunks' prefixes: so many that a chunk has some thousand records. Follows from the state alone. */
export function prefixDigits(records: number): number {
  let digits = 0
  while (records / 16 ** digits > CHUNK_RECORDS) digits++
  return digits
}

/** In which chunk a path is. */
export function chunkAt(path: Uint8Array, digits: number): number {
  const first = ((path[0]! << 24) | (path[1]! << 16) | (path[2]! << 8) | path[3]!) >>> 0
  return digits === 0 ? 0 : Math.floor(first / 2 ** (32 - NIBBLE_BITS * digits))
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

export function rootOfTops(tops: readonly TreeNode[]): TreeNode {
  let level = tops
  while (level.length > 1) {
    const below = level
    level = Array.from({ length: below.length / 2 }, (_, at) => parentOf(below[2 * at], below[2 * at + 1]))
  }
  return level[0]
}

export function encodeHead({ genesisHash, block, next, outside, tops }: SnapshotHead): Uint8Array {
  return encodeTuple([
    MAGIC,
    fromHex(genesisHash),
    [block.header, block.signature],
    [next.header, next.signature, next.txs],
    outside,
    tops.map((node) => (node === undefined ? [] : node.kind === 'inner' ? [node.hash] : [node.path, node.valueHash])),
  ])
}

/** @throws MessageInvalidError, TypeError for anything that encodeHead does not give */
export function decodeHead(bytes: Uint8Array): SnapshotHead {
  const [magic, genesis, block, next, outside, tops] = listOf(decodeTuple(bytes, 'snapshot'), 6)
  if (!equalBytes(bytesOf(magic), MAGIC)) throw new TypeError('it does not begin as a snapshot of this version')
  const [header, signature] = listOf(block, 2).map((part) => bytesOf(part))
  const [nextHeader, nextSignature, txs] = listOf(next, 3)
  const nodes = listOf(tops).map((top): TreeNode => {
    const [first, second] = listOf(top).map((hash) => bytesOf(hash, 32))
    if (first === undefined) return undefined
    return second === undefined ? { kind: 'inner', hash: first } : { kind: 'leaf', path: first, valueHash: second }
  })
  if (!Number.isInteger(Math.log2(nodes.length) / NIBBLE_BITS)) throw new TypeError('its chunks are not a power of 16')
  return {
    genesisHash: hashOf(bytesOf(genesis, 32)),
    block: { header: header!, signature: signature! },
    next: { header: bytesOf(nextHeader), signature: bytesOf(nextSignature), txs: listOf(txs).map((tx) => bytesOf(tx)) },
    outside: bytesOf(outside),
    tops: nodes,
  }
}

export function encodeRecords(records: readonly StateRecord[]): Uint8Array {
  return encodeTuple(records.map(([key, value]) => [utf8ToBytes(key), value]))
}

/** @throws MessageInvalidError, TypeError */
export function decodeRecords(bytes: Uint8Array): StateRecord[] {
  const text = new TextDecoder('utf-8', { fatal: true })
  return listOf(decodeTuple(bytes, 'records')).map((record) => {
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
