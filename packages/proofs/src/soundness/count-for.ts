/** The samples a chain must ask for. docs/spec/proofs.md section 9. No node: imports. */
import { assertCount, assertShare, SoundnessInputError } from './limits.ts'
import { type Loss, soundness } from './soundness.ts'

/**
 * The smallest count of samples a challenge with which a loss of `share` is found with the chance `wanted`.
 * @throws SoundnessInputError SOUNDNESS_INPUT_INVALID, also where no count can do it: nothing lost, or certainty wanted
 */
export function countFor({ share, wanted, challenges }: Loss & { readonly wanted: number }): number {
  assertShare('the lost share', share)
  assertShare('the wanted chance', wanted)
  assertCount('the number of challenges', challenges)
  if (share === 1 || wanted === 0) return 1
  if (share === 0) throw new SoundnessInputError('the lost share is 0: what is not lost cannot be missed')
  if (wanted === 1) throw new SoundnessInputError('the wanted chance is 1: samples never make sure')
  const exact = Math.log1p(-wanted) / Math.log1p(-share) / challenges
  // The logarithms round: what they give may be one off, to either side.
  let count = Math.max(1, Math.ceil(exact))
  if (count > Number.MAX_SAFE_INTEGER / challenges) throw new SoundnessInputError(`the lost share is only ${share}`)
  while (count > 1 && soundness({ share, count: count - 1, challenges }) >= wanted) count -= 1
  while (soundness({ share, count, challenges }) < wanted) count += 1
  return count
}
