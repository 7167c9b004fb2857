/** A PoSt bundle for replicas which nobody has: roots are made for noise, by the rules or by all but one of them. */
import { concatBytes, log2Floor } from '../src/spec/bytes.ts'
import { commROf } from '../src/spec/commitments.ts'
import { type HashPairs, hashPairs } from '../src/spec/hash-pairs.ts'
import { multiproofRoot, siblingPositions } from '../src/spec/multiproof.ts'
import { drawSamples, POST_MAGIC, type PostChallenge, type SampledSector } from '../src/spec/post-samples.ts'
import type { PostInput } from '../src/verify/index.ts'
import { nodeNoise, noise } from './support.ts'

export interface PostRules {
  draw(challenge: PostChallenge, sectors: number): SampledSector[]
  /** The leaves of the tree, for runs of replica nodes. */
  leaves(replica: Uint8Array): Uint8Array
  pairs: HashPairs
  commR(commC: Uint8Array, commRLast: Uint8Array): Uint8Array
}

export const honestPostRules: PostRules = {
  draw: drawSamples,
  leaves: (replica) => replica,
  pairs: hashPairs,
  commR: commROf,
}

/** Accepted when all rules are kept. */
export function forgedPost(
  challenge: PostChallenge,
  sectors: number,
  changed: Partial<PostRules> = {},
  skipped?: readonly number[],
): PostInput {
  const rules = { ...honestPostRules, ...changed }
  const list = Array.from({ length: sectors }, (_, i) => ({ number: i, commR: noise(`commR ${i}`, 32) }))
  const depth = log2Floor(challenge.profile.nodes)
  const parts = [POST_MAGIC]
  for (const { position, leaves: indices } of rules.draw(challenge, sectors)) {
    if (skipped?.includes(position)) continue
    const replica = nodeNoise(`replica ${position}`, indices.length)
    const siblings = nodeNoise(`siblings ${position}`, siblingPositions(indices, depth).length)
    const commC = noise(`commC ${position}`, 32)
    const commRLast = multiproofRoot({ indices, leaves: rules.leaves(replica), siblings, depth, hash: rules.pairs })
    list[position]!.commR = rules.commR(commC, commRLast)
    parts.push(commC, commRLast, replica, siblings)
  }
  return { ...challenge, sectors: list, ...(skipped === undefined ? {} : { skipped }), bundle: concatBytes(parts) }
}
