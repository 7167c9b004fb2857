/** Answers a challenge and checks the answer with the chain's own verifier. */
import { provePost } from '@granary/proofs/post'
import { profileNamed } from '@granary/proofs/profile'
import { verifyPost } from '@granary/proofs/verify'
import { fromHex, toHex } from '../sealing/hex.ts'
import type { SpacetimeInput, SpacetimeResult } from '../sealing/jobs.ts'
import { ProofRefusedError } from '../sealing/proof-refused-error.ts'

export async function postJob(input: SpacetimeInput): Promise<SpacetimeResult> {
  const { provider, partition, count } = input
  const challenge = { profile: profileNamed(input.profile), provider, partition, count }
  const randomness = fromHex(input.randomness)
  const startedMs = performance.now()
  const bundle = await provePost({
    ...challenge,
    randomness,
    sectors: input.sectors.map(({ number, dir }) => ({ number, dir })),
  })
  const proveMs = Math.round(performance.now() - startedMs)
  const sectors = input.sectors.map(({ number, commR }) => ({ number, commR: fromHex(commR) }))
  const verdict = verifyPost({ ...challenge, randomness, sectors, bundle })
  if (!verdict.ok) throw new ProofRefusedError('PoSt', `partition ${partition}`, verdict.reason)
  return { bundle: toHex(bundle), proveMs }
}
