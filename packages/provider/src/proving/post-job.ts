/** Answers a challenge and checks the answer with the chain's own verifier. */
import { fromHex } from '@granary/base'
import { type DamagedSector, findDamaged, provePost } from '@granary/proofs/post'
import { type ProfileName, profileNamed } from '@granary/proofs/profile'
import { verifyPost } from '@granary/proofs/verify'
import { ProofRefusedError } from '../sealing/proof-refused-error.ts'

export interface SpacetimeInput {
  readonly profile: ProfileName
  readonly provider: number
  readonly partition: number
  readonly randomness: string
  readonly count: number
  readonly sectors: readonly { readonly number: number; readonly commR: string; readonly dir: string }[]
  /** Positions of the list that are not proven. */
  readonly skipped: readonly number[]
}

/** The answer, or the sectors that keep it from being one. */
export type SpacetimeResult =
  | { readonly bundle: Uint8Array; readonly proveMs: number }
  | { readonly damaged: readonly DamagedSector[] }

/** As an answer, without the bytes of it. */
export type RehearsalResult = { readonly proveMs: number } | Extract<SpacetimeResult, { damaged: unknown }>

/** @throws ProofRefusedError PROOF_REFUSED, and what provePost throws when no sector of the list is to blame */
export async function postJob(input: SpacetimeInput): Promise<SpacetimeResult> {
  const { provider, partition, count, skipped } = input
  const challenge = { profile: profileNamed(input.profile), provider, partition, count, skipped }
  const randomness = fromHex(input.randomness)
  const sectors = input.sectors.map(({ number, commR, dir }) => ({ number, dir, commR: fromHex(commR) }))
  const startedMs = performance.now()
  try {
    const bundle = await provePost({ ...challenge, randomness, sectors })
    const proveMs = Math.round(performance.now() - startedMs)
    const verdict = verifyPost({ ...challenge, randomness, sectors, bundle })
    if (!verdict.ok) throw new ProofRefusedError('PoSt', `partition ${partition}`, verdict.reason)
    return { bundle, proveMs }
  } catch (error) {
    // Whichever sector is to blame: each is opened alone.
    const found = await findDamaged({ ...challenge, randomness, sectors })
    const damaged = found.filter(({ position }) => !skipped.includes(position))
    if (damaged.length === 0) throw error
    return { damaged }
  }
}
