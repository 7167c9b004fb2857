/**
 * Verifies what prove-key made, from the root alone: all that a light client needs to know of the tree. Runs anywhere.
 * The path of the key decides on which side each sibling stands, so a proof has nothing to say about that.
 */
import { equalBytes } from '@granary/base'
import { bitAt, EMPTY_HASH, HASH_BYTES, innerHashOf, leafHashOf, pathOf, valueHashOf } from './tree-hashes.ts'

export interface TreeProof {
  /** From the root down: the nodes beside the path. */
  readonly siblings: readonly Uint8Array[]
  /** What stands at the end of the path: the key's own leaf, another key's, or nothing. */
  readonly leaf?: { readonly path: Uint8Array; readonly valueHash: Uint8Array }
}

export type ProofFault =
  | 'PROOF_MALFORMED'
  | 'KEY_PRESENT'
  | 'KEY_ABSENT'
  | 'VALUE_MISMATCH'
  | 'LEAF_OFF_PATH'
  | 'ROOT_MISMATCH'

const DEPTH_MAX = 8 * HASH_BYTES

/** The root of the tree in which the key has that value (undefined: none), if the proof is one; else what is wrong with it. */
export function rootOfProof(key: string, value: Uint8Array | undefined, proof: TreeProof): Uint8Array | ProofFault {
  const { siblings, leaf } = proof
  const hashes = leaf === undefined ? siblings : [...siblings, leaf.path, leaf.valueHash]
  if (siblings.length > DEPTH_MAX || hashes.some((hash) => hash.length !== HASH_BYTES)) return 'PROOF_MALFORMED'
  const path = pathOf(key)
  const own = leaf !== undefined && equalBytes(leaf.path, path)
  if (own !== (value !== undefined)) return own ? 'KEY_PRESENT' : 'KEY_ABSENT'
  if (value !== undefined && leaf !== undefined && !equalBytes(leaf.valueHash, valueHashOf(value)))
    return 'VALUE_MISMATCH'
  // Another key's leaf shows that this one is not there only if it stands where this one would have to stand.
  if (leaf !== undefined && siblings.some((_, depth) => bitAt(leaf.path, depth) !== bitAt(path, depth))) {
    return 'LEAF_OFF_PATH'
  }
  const end = leaf === undefined ? EMPTY_HASH : leafHashOf(leaf.path, leaf.valueHash)
  return siblings.reduceRight(
    (node, sibling, depth) => (bitAt(path, depth) === 0 ? innerHashOf(node, sibling) : innerHashOf(sibling, node)),
    end,
  )
}

/**
 * @param value: undefined to verify that the key is not there
 * @returns undefined when the proof holds, else what is wrong with it
 */
export function faultOfProof(
  root: Uint8Array,
  key: string,
  value: Uint8Array | undefined,
  proof: TreeProof,
): ProofFault | undefined {
  const computed = rootOfProof(key, value, proof)
  if (typeof computed === 'string') return computed
  return equalBytes(computed, root) ? undefined : 'ROOT_MISMATCH'
}
