/** A PoSt bundle that is accepted for replicas which nobody has: roots are made for noise, so any profile can be tried. */
import { concatBytes, log2Floor } from '../src/bytes.ts'
import { hashPairs } from '../src/merkle/hash-pairs.ts'
import { multiproofRoot, siblingPositions } from '../src/merkle/multiproof.ts'
import { drawSamples, POST_MAGIC, type PostChallenge } from '../src/post/post-samples.ts'
import { commROf } from '../src/seal/commitments.ts'
import type { PostInput } from '../src/verify/index.ts'
import { nodeNoise, noise } from './support.ts'

export function forgedPost(challenge: PostChallenge, sectors: number): PostInput {
  const list = Array.from({ length: sectors }, (_, i) => ({ number: i, commR: noise(`commR ${i}`, 32) }))
  const depth = log2Floor(challenge.profile.nodes)
  const parts = [POST_MAGIC]
  for (const { position, leaves: indices } of drawSamples(challenge, sectors)) {
    const leaves = nodeNoise(`leaves ${position}`, indices.length)
    const siblings = nodeNoise(`siblings ${position}`, siblingPositions(indices, depth).length)
    const commC = noise(`commC ${position}`, 32)
    const commRLast = multiproofRoot({ indices, leaves, siblings, depth, hash: hashPairs })
    list[position]!.commR = commROf(commC, commRLast)
    parts.push(commC, commRLast, leaves, siblings)
  }
  return { ...challenge, sectors: list, bundle: concatBytes(parts) }
}
