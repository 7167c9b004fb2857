/** A piece out of a replica. Once the layers are gone, the key is computed anew, which takes as long as sealing did. */
import { unsealPiece } from '@granary/proofs/seal'
import type { JobContext } from '../queue/serve-jobs.ts'
import type { UnsealInput } from './jobs.ts'

export async function unsealJob(input: UnsealInput, { signal }: JobContext<never>): Promise<null> {
  await unsealPiece(input, { signal })
  return null
}
