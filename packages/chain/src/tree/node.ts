/**
 * A node of the state tree: nothing, a leaf, or an inner node. The tree is compact: a part of it with one leaf is that
 * leaf, however deep its path would go, so that the shape depends on the set of keys alone.
 */
import { bitAt, EMPTY_HASH, innerHashOf, leafHashOf } from '@granary/protocol/header'

export interface Leaf {
  readonly kind: 'leaf'
  readonly path: Uint8Array
  readonly valueHash: Uint8Array
}

export interface Inner {
  readonly kind: 'inner'
  readonly hash: Uint8Array
}

export type TreeNode = Leaf | Inner | undefined

export function hashOfNode(node: TreeNode): Uint8Array {
  if (node === undefined) return EMPTY_HASH
  return node.kind === 'inner' ? node.hash : leafHashOf(node.path, node.valueHash)
}

/** The node above two: a lone leaf rises, a lone inner node does not, as it stands for two leaves or more. */
export function parentOf(left: TreeNode, right: TreeNode): TreeNode {
  if (left === undefined && right?.kind !== 'inner') return right
  if (right === undefined && left?.kind !== 'inner') return left
  return { kind: 'inner', hash: innerHashOf(hashOfNode(left), hashOfNode(right)) }
}

/** The node that stands for all of `leaves`, which share their first `depth` bits. */
export function nodeOfLeaves(leaves: readonly Leaf[], depth: number): TreeNode {
  if (leaves.length < 2) return leaves[0]
  const side = (bit: number) => leaves.filter(({ path }) => bitAt(path, depth) === bit)
  return parentOf(nodeOfLeaves(side(0), depth + 1), nodeOfLeaves(side(1), depth + 1))
}
