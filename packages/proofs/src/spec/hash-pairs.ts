/**
 * The two ways two nodes become one: plain SHA-256(l ‖ r) for the trees over labels and replica, and H2 = the same with
 * its two top bits cleared for data (docs/spec/proofs.md sections 1 and 7). In bulk, because a tree is millions of them.
 */
import { NODE_BYTES } from './profile.ts'
import { createSha256Pairs } from './sha256-pairs.ts'

/** Hashes `nodes` two by two into `out`, half as long. `out` may be the start of `nodes` itself. */
export type HashPairs = (nodes: Uint8Array, out: Uint8Array) => void

export function hashPairs(nodes: Uint8Array, out: Uint8Array): void {
  createSha256Pairs()(nodes, out)
}

/** H2: every node of the result is a field element. */
export function hashPairs254(nodes: Uint8Array, out: Uint8Array): void {
  hashPairs(nodes, out)
  trunc254(out.subarray(0, nodes.length / 2))
}

/** Clears the two top bits of each node. */
export function trunc254(nodes: Uint8Array): void {
  for (let i = NODE_BYTES - 1; i < nodes.length; i += NODE_BYTES) nodes[i]! &= 0x3f
}

/** The root over a power of two of nodes. `nodes` is overwritten. */
export function reduceInPlace(nodes: Uint8Array, hash: HashPairs): Uint8Array {
  let level = nodes
  while (level.length > NODE_BYTES) {
    const next = level.subarray(0, level.length / 2)
    hash(level, next)
    level = next
  }
  return level.slice()
}
