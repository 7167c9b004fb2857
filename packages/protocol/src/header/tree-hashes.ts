/**
 * The hashes of the state tree: docs/spec/chain.md, section 7. The first byte says what is hashed, so that no leaf can be
 * taken for an inner node, and no key for either.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { createHashPair } from './sha256-pair.ts'

export const HASH_BYTES = 32
const LEAF = 0x00
const INNER = 0x01
const APP = 0x02
const KEY = 0x03
// Its memory is written anew by each call, which ends before another begins.
const hashPair = createHashPair()

/** Of a tree, or a part of one, without leaves. */
export const EMPTY_HASH: Uint8Array = new Uint8Array(HASH_BYTES)

/** Where a key stands: bit by bit from the root, 0 to the left. Hashed, so that nobody can make one path long. */
export function pathOf(key: string): Uint8Array {
  const text = utf8ToBytes(key)
  const bytes = new Uint8Array(1 + text.length)
  bytes[0] = KEY
  bytes.set(text, 1)
  return sha256(bytes)
}

export function valueHashOf(value: Uint8Array): Uint8Array {
  return sha256(value)
}

export function leafHashOf(path: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return hashPair(LEAF, path, valueHash)
}

export function innerHashOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashPair(INNER, left, right)
}

/** SHA-256(0x02 ‖ tree root ‖ SHA-256(outside)); `outside` is what changes in every block, encoded. */
export function appHashOf(root: Uint8Array, outsideHash: Uint8Array): Uint8Array {
  return hashPair(APP, root, outsideHash)
}

/** 0 or 1. */
export function bitAt(path: Uint8Array, depth: number): number {
  return (path[depth >> 3]! >> (7 - (depth & 7))) & 1
}
