/** The commitments of a replica, Granary's own. docs/spec/proofs.md section 7. No node: imports. */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, tag } from './bytes.ts'

export const COLUMN_TAG: Uint8Array = tag('granary/col/1')
const COMM_R_TAG = tag('granary/commR/1')

/** @param labels the node's labels of layers 1 … L, joined */
export function columnHash(labels: Uint8Array): Uint8Array {
  return sha256(concatBytes([COLUMN_TAG, labels]))
}

export function commROf(commC: Uint8Array, commRLast: Uint8Array): Uint8Array {
  return sha256(concatBytes([COMM_R_TAG, commC, commRLast]))
}
