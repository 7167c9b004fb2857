/**
 * Subtrees of H2 joined from left to right, the zeros between and after them included: what CommP over a stream and
 * CommD over pieces have in common (docs/spec/proofs.md section 2). Holds at most one subtree of each height.
 */
import { concatBytes } from './bytes.ts'
import { hashPairs254 } from './hash-pairs.ts'
import { NODE_BYTES } from './profile.ts'
import { zeroCommitments } from './zero-commitments.ts'

export interface Subtree {
  readonly root: Uint8Array
  /** log2 of its nodes. */
  readonly height: number
}

/** Pushes a subtree, zeros first so that it is aligned to its own size. Changes `stack`. */
export function pushSubtree(stack: Subtree[], subtree: Subtree): void {
  for (let top = stack.at(-1); top !== undefined && top.height < subtree.height; top = stack.at(-1))
    pushAligned(stack, zeroOf(top.height))
  pushAligned(stack, subtree)
}

/** The root at `height` after filling up with zeros. Changes `stack`. */
export function rootOf(stack: Subtree[], height: number): Uint8Array {
  if (stack.length === 0) return zeroOf(height).root
  for (let top = stack.at(-1)!; stack.length > 1 || top.height < height; top = stack.at(-1)!)
    pushAligned(stack, zeroOf(top.height))
  return stack[0]!.root
}

function pushAligned(stack: Subtree[], subtree: Subtree): void {
  let joined = subtree
  while (stack.at(-1)?.height === joined.height) {
    const root = new Uint8Array(NODE_BYTES)
    hashPairs254(concatBytes([stack.pop()!.root, joined.root]), root)
    joined = { root, height: joined.height + 1 }
  }
  stack.push(joined)
}

function zeroOf(height: number): Subtree {
  return { root: zeroCommitments(height)[height]!, height }
}
