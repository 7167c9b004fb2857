/** An H2 tree of which few subtrees are not zero, whatever its height. No node: imports. */
import { concatBytes } from '../../spec/bytes.ts'
import { hashPairs254 } from '../../spec/hash-pairs.ts'
import type { TreePosition } from '../../spec/multiproof.ts'
import { NODE_BYTES } from '../../spec/profile.ts'
import { zeroCommitments } from '../../spec/zero-commitments.ts'

/** The way from a subtree to the root. */
export interface MerklePath {
  /** The subtree's index among those of its height. */
  readonly index: number
  /** From the bottom up, 32 bytes each. */
  readonly siblings: readonly Uint8Array[]
}

export interface SparseTree {
  /** Of a subtree that was given or lies above one; zeros elsewhere. */
  nodeAt(position: TreePosition): Uint8Array
  pathFrom(position: TreePosition): MerklePath
}

/** @param subtrees roots at their places, none within another */
export function createSparseTree(
  subtrees: readonly (TreePosition & { root: Uint8Array })[],
  height: number,
): SparseTree {
  const zeros = zeroCommitments(height)
  const levels = Array.from({ length: height + 1 }, () => new Map<number, Uint8Array>())
  for (const { level, index, root } of subtrees) levels[level]!.set(index, root)
  const nodeAt = ({ level, index }: TreePosition) => levels[level]!.get(index) ?? zeros[level]!
  for (let level = 0; level < height; level += 1)
    for (const index of levels[level]!.keys()) {
      const parent = Math.floor(index / 2)
      const left = nodeAt({ level, index: 2 * parent })
      const right = nodeAt({ level, index: 2 * parent + 1 })
      levels[level + 1]!.set(parent, hashPair254(left, right))
    }
  return {
    nodeAt,
    pathFrom({ level, index }) {
      const siblings: Uint8Array[] = []
      for (let [l, i] = [level, index]; l < height; l += 1, i = Math.floor(i / 2))
        siblings.push(nodeAt({ level: l, index: i % 2 === 0 ? i + 1 : i - 1 }))
      return { index, siblings }
    },
  }
}

/** The root that a subtree and its path lead to. */
export function rootOfPath(subtree: Uint8Array, { index, siblings }: MerklePath): Uint8Array {
  let node = subtree
  let at = index
  for (const sibling of siblings) {
    node = at % 2 === 0 ? hashPair254(node, sibling) : hashPair254(sibling, node)
    at = Math.floor(at / 2)
  }
  return node
}

function hashPair254(left: Uint8Array, right: Uint8Array): Uint8Array {
  const node = new Uint8Array(NODE_BYTES)
  hashPairs254(concatBytes([left, right]), node)
  return node
}
