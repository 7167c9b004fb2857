/** Makes a sector's replica. Called again after a kill, it goes on at the last finished layer. */
import { fromHex, toHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { type SealProgress, sealSector } from '@granary/proofs/seal'
import type { JobContext } from '../queue/serve-jobs.ts'
import type { SealInput, SealResult } from './jobs.ts'

export async function sealJob(input: SealInput, context: JobContext<SealProgress>): Promise<SealResult> {
  const startedMs = performance.now()
  let isWhole: boolean | undefined
  const { commD, commR } = await sealSector(
    {
      profile: profileNamed(input.profile),
      provider: input.provider,
      sectorNumber: input.sector,
      ticket: fromHex(input.ticket),
      pieces: [...input.pieces],
      dir: input.dir,
      parentsDir: input.parentsDir,
    },
    {
      signal: context.signal,
      // Thousands of reports for a large profile, of a table that is made once: not worth a write to the queue each.
      onProgress: (progress) => {
        if (progress.type === 'seal:labels') isWhole ??= progress.layer === 1 && progress.done === 0
        if (progress.type !== 'seal:parents') context.onProgress(progress)
      },
    },
  )
  return {
    commD: toHex(commD),
    commR: toHex(commR),
    sealMs: Math.round(performance.now() - startedMs),
    isWhole: isWhole ?? false,
  }
}
