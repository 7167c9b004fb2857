/**
 * Openings of several leaves of a binary tree at once (docs/spec/proofs.md section 8): the siblings go level by level
 * from the leaves, indices ascending, each one that is not itself known. Positions follow from the indices alone, so a
 * proof carries no counts and no positions.
 */

import type { HashPairs } from './hash-pairs.ts'
import { NODE_BYTES } from './profile.ts'

export interface TreePosition {
  /** 0 = leaves. */
  readonly level: number
  readonly index: number
}

/** @param indices ascending and unique, each < 2^depth. */
export function siblingPositions(indices: readonly number[], depth: number): TreePosition[] {
  const positions: TreePosition[] = []
  let known = indices
  for (let level = 0; level < depth; level += 1) {
    const parents: number[] = []
    for (let i = 0; i < known.length; i += 1) {
      const index = known[i]!
      const isLeft = index % 2 === 0
      if (isLeft && known[i + 1] === index + 1) i += 1
      else positions.push({ level, index: isLeft ? index + 1 : index - 1 })
      parents.push(Math.floor(index / 2))
    }
    known = parents
  }
  return positions
}

/**
 * The root that leaves and siblings lead to.
 * @param indices ascending and unique, at least one
 * @param leaves 32 bytes for each index
 * @param siblings exactly as many as `siblingPositions` gives
 */
export function multiproofRoot(i: {
  indices: readonly number[]
  leaves: Uint8Array
  siblings: Uint8Array
  depth: number
  hash: HashPairs
}): Uint8Array {
  // One buffer for all levels: a level is half as long as the one before at most.
  const nodes = i.leaves.slice()
  const pairs = new Uint8Array(2 * nodes.length)
  const known = Float64Array.from(i.indices)
  let count = known.length
  let taken = 0
  for (let level = 0; level < i.depth; level += 1) {
    let parents = 0
    for (let k = 0; k < count; k += 1) {
      const index = known[k]!
      const isLeft = index % 2 === 0
      const pair = parents * 2 * NODE_BYTES
      pairs.set(nodeAt(nodes, k), isLeft ? pair : pair + NODE_BYTES)
      if (isLeft && k + 1 < count && known[k + 1] === index + 1) {
        k += 1
        pairs.set(nodeAt(nodes, k), pair + NODE_BYTES)
      } else {
        pairs.set(nodeAt(i.siblings, taken), isLeft ? pair + NODE_BYTES : pair)
        taken += 1
      }
      known[parents] = Math.floor(index / 2)
      parents += 1
    }
    i.hash(pairs.subarray(0, parents * 2 * NODE_BYTES), nodes.subarray(0, parents * NODE_BYTES))
    count = parents
  }
  return nodes.slice(0, NODE_BYTES)
}

function nodeAt(nodes: Uint8Array, place: number): Uint8Array {
  return nodes.subarray(place * NODE_BYTES, (place + 1) * NODE_BYTES)
}
