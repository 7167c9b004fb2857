/**
 * What is hashed for a label: prefix = replicaId ‖ u32BE layer ‖ u64BE node ‖ 20 zero bytes, then the parents' labels
 * repeated to 37. docs/spec/proofs.md section 6.
 */
import { NODE_BYTES } from './profile.ts'

export const PREFIX_BYTES = 64
export const PARENT_LABELS = 37
export const LABEL_INPUT_BYTES: number = PREFIX_BYTES + PARENT_LABELS * NODE_BYTES

export function writePrefix(input: Uint8Array, replicaId: Uint8Array, layer: number, node: number): void {
  const view = new DataView(input.buffer, input.byteOffset, PREFIX_BYTES)
  input.set(replicaId)
  view.setUint32(32, layer)
  view.setUint32(36, Math.floor(node / 2 ** 32))
  view.setUint32(40, node % 2 ** 32)
}

/** Repeats the first `parents` labels after the prefix until there are 37. */
export function repeatParents(input: Uint8Array, parents: number): void {
  for (let filled = parents; filled < PARENT_LABELS; filled += parents) {
    const labels = Math.min(parents, PARENT_LABELS - filled)
    input.copyWithin(PREFIX_BYTES + filled * NODE_BYTES, PREFIX_BYTES, PREFIX_BYTES + labels * NODE_BYTES)
  }
}
