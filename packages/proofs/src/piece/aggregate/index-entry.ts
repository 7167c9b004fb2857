/**
 * An entry of the index at the end of an aggregate (FRC-0058): two nodes, CommP ‖ offset u64LE ‖ size u64LE ‖ checksum.
 * Both are field elements, so that an index is fr32 data like any other. docs/spec/proofs.md section 2. No node: imports.
 */
import { equalBytes } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, isPowerOfTwo, u64LE } from '../../spec/bytes.ts'
import { UNIT_PADDED_BYTES } from '../../spec/fr32.ts'
import { hashPairs254 } from '../../spec/hash-pairs.ts'
import { NODE_BYTES } from '../../spec/profile.ts'

export const ENTRY_BYTES: number = 2 * NODE_BYTES
const CHECKSUM_BYTES = 16
const CHECKSUM_START = ENTRY_BYTES - CHECKSUM_BYTES

export interface IndexEntry {
  /** CommP of the segment. */
  readonly root: Uint8Array
  /** Where the segment begins in the aggregate, in padded bytes: a multiple of its size. */
  readonly offset: number
  /** Its padded size: a power of two ≥ 128. */
  readonly size: number
}

/** The 64 bytes of an entry, checksum included. */
export function encodeIndexEntry({ root, offset, size }: IndexEntry): Uint8Array {
  const entry = concatBytes([root, u64LE(offset), u64LE(size), new Uint8Array(CHECKSUM_BYTES)])
  entry.set(checksumOf(entry), CHECKSUM_START)
  return entry
}

export function checksumIn(entry: Uint8Array): Uint8Array {
  return entry.slice(CHECKSUM_START)
}

/** The node of height 1 over the entry's two. */
export function entryNode(entry: Uint8Array): Uint8Array {
  const node = new Uint8Array(NODE_BYTES)
  hashPairs254(entry, node)
  return node
}

/** Undefined for what is no entry: an unused place, a wrong checksum, a size or place that no piece has. */
export function decodeIndexEntry(bytes: Uint8Array): IndexEntry | undefined {
  if (bytes.length !== ENTRY_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const offset = Number(view.getBigUint64(NODE_BYTES, true))
  const size = Number(view.getBigUint64(NODE_BYTES + 8, true))
  if (!Number.isSafeInteger(offset + size) || !isPowerOfTwo(size) || size < UNIT_PADDED_BYTES) return undefined
  if (offset % size !== 0 || bytes[NODE_BYTES - 1]! > 0x3f) return undefined
  if (!equalBytes(bytes.subarray(CHECKSUM_START), checksumOf(bytes))) return undefined
  return { root: bytes.slice(0, NODE_BYTES), offset, size }
}

/** The first 16 bytes of SHA-256 over the entry with a zero checksum, two bits less, as the node has 254. */
function checksumOf(entry: Uint8Array): Uint8Array {
  const blank = entry.slice().fill(0, CHECKSUM_START)
  const checksum = sha256(blank).slice(0, CHECKSUM_BYTES)
  checksum[CHECKSUM_BYTES - 1]! &= 0x3f
  return checksum
}
