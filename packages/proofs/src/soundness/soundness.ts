/**
 * How surely a PoSt finds that something is lost. docs/spec/proofs.md section 9: one sample that cannot be opened fails
 * the whole list, so who lost a share f passes `count` samples with (1 − f)^count. No node: imports.
 */
import { assertCount, assertShare } from './limits.ts'

export interface Loss {
  /** What of the list is lost, 0 … 1: of all leaves of all its sectors. */
  readonly share: number
  /** How often the list is challenged. */
  readonly challenges: number
}

/**
 * The chance, 0 … 1, that at least one of `challenges` PoSts of `count` samples each is failed.
 * @throws SoundnessInputError SOUNDNESS_INPUT_INVALID
 */
export function soundness({ share, count, challenges }: Loss & { readonly count: number }): number {
  assertShare('the lost share', share)
  assertCount('the count of samples', count)
  assertCount('the number of challenges', challenges)
  // 1 − (1 − f)^k, exact also where f is far below what a double has left of 1 − f.
  return -Math.expm1(count * challenges * Math.log1p(-share))
}
