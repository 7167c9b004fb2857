/** Which sectors of a challenged list cannot open their samples: each is opened alone, so that one names itself. */
import { equalBytes } from '@granary/base'
import { isPassing } from '../io/passing-fault.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { commROf } from '../spec/commitments.ts'
import { drawSamples, type PostChallenge } from '../spec/post-samples.ts'
import { openSector } from './prove-post.ts'

export interface FindDamagedInput extends PostChallenge {
  /** In the order in which the list was fixed. CommR: what the chain has of it. */
  readonly sectors: readonly { readonly number: number; readonly dir: string; readonly commR: Uint8Array }[]
}

export interface DamagedSector {
  readonly position: number
  readonly number: number
  readonly reason: string
}

/**
 * Those with a sample that does not open, ascending by position.
 * @throws what another try may not meet again: too many open files, no memory
 */
export async function findDamaged(input: FindDamagedInput): Promise<DamagedSector[]> {
  const { kernel } = openKernel()
  const damaged: DamagedSector[] = []
  for (const sample of drawSamples(input, input.sectors.length)) {
    const { position } = sample
    const sector = input.sectors[position]!
    try {
      const { commC, commRLast } = await openSector(kernel, input, sector, sample)
      if (equalBytes(commROf(commC, commRLast), sector.commR)) continue
      damaged.push({ position, number: sector.number, reason: 'its folder holds a replica of another CommR' })
    } catch (error) {
      if (isPassing(error)) throw error
      damaged.push({ position, number: sector.number, reason: (error as Error).message })
    }
  }
  return damaged
}
