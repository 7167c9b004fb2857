/** One label from its parents' labels (docs/spec/proofs.md section 6): what the verifier recomputes. No node: imports. */
import { sha256 } from '@noble/hashes/sha2.js'
import { LABEL_INPUT_BYTES, PREFIX_BYTES, repeatParents, writePrefix } from './label-input.ts'
import { NODE_BYTES } from './profile.ts'

/**
 * @param layer 1 … L
 * @param node ≥ 1: node 0 has no parents
 * @param parentLabels 6 labels on layer 1; on others 6 of this layer and 8 of the one before
 */
export function createLabel(
  replicaId: Uint8Array,
  layer: number,
  node: number,
  parentLabels: readonly Uint8Array[],
): Uint8Array {
  const input = new Uint8Array(LABEL_INPUT_BYTES)
  writePrefix(input, replicaId, layer, node)
  parentLabels.forEach((label, i) => {
    input.set(label, PREFIX_BYTES + NODE_BYTES * i)
  })
  repeatParents(input, parentLabels.length)
  const label = sha256(input)
  label[NODE_BYTES - 1]! &= 0x3f
  return label
}
