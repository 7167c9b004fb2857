/** Proves a replica and checks the proof with the chain's own verifier; the proof goes into the sector's folder. */
import { fromHex } from '@granary/base'
import { provePoRep } from '@granary/proofs/porep'
import { profileNamed } from '@granary/proofs/profile'
import { verifyPoRep } from '@granary/proofs/verify'
import type { JobContext } from '../queue/serve-jobs.ts'
import type { ReplicationInput, ReplicationResult } from './jobs.ts'
import { writeProof } from './proof-file.ts'
import { ProofRefusedError } from './proof-refused-error.ts'

export async function porepJob(input: ReplicationInput, { signal }: JobContext<never>): Promise<ReplicationResult> {
  const seed = fromHex(input.seed)
  const startedMs = performance.now()
  const bundle = await provePoRep({ dir: input.dir, seed, parentsDir: input.parentsDir }, { signal })
  const proveMs = Math.round(performance.now() - startedMs)
  const verdict = verifyPoRep({
    profile: profileNamed(input.profile),
    provider: input.provider,
    sectorNumber: input.sector,
    ticket: fromHex(input.ticket),
    seed,
    commD: fromHex(input.commD),
    commR: fromHex(input.commR),
    bundle,
  })
  if (!verdict.ok) throw new ProofRefusedError('PoRep', `sector ${input.sector}`, verdict.reason)
  await writeProof(input.dir, bundle)
  return { proofBytes: bundle.length, proveMs }
}
