/** The table of parents that all sectors of a profile are sealed with. */
import { profileNamed } from '@granary/proofs/profile'
import { parentsTable } from '@granary/proofs/seal'
import type { JobContext } from '../queue/serve-jobs.ts'
import type { ParentsInput } from './jobs.ts'

export async function parentsJob({ profile, parentsDir }: ParentsInput, { signal }: JobContext<never>): Promise<null> {
  await parentsTable({ ...profileNamed(profile), dir: parentsDir }, { signal })
  return null
}
