/** Roots of subtrees of zeros: Z₀ = 0³², Zₖ₊₁ = H2(Zₖ, Zₖ). docs/spec/proofs.md section 2. */
import { hashPairs254 } from './hash-pairs.ts'
import { NODE_BYTES } from './profile.ts'

/** The commitments of heights 0 … `height`. */
export function zeroCommitments(height: number): Uint8Array[] {
  const zeros = [new Uint8Array(NODE_BYTES)]
  for (let h = 0; h < height; h += 1) {
    const pair = new Uint8Array(2 * NODE_BYTES)
    pair.set(zeros[h]!)
    pair.set(zeros[h]!, NODE_BYTES)
    const next = new Uint8Array(NODE_BYTES)
    hashPairs254(pair, next)
    zeros.push(next)
  }
  return zeros
}
