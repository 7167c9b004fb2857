/**
 * One sector proven alone, on a challenge made up for it: so damage is found before the chain asks. It reads as little as
 * a challenge does; `repairSector` reads all.
 */

import { randomBytes } from 'node:crypto'
import { fromHex, toHex } from '@granary/base'
import { repairTree } from '@granary/proofs/seal'
import { postJob, type SpacetimeInput } from './post-job.ts'

export interface SelfCheckInput extends Pick<SpacetimeInput, 'profile' | 'provider'> {
  readonly sector: { readonly number: number; readonly commR: string; readonly dir: string }
}

/** What is wrong with it; null: nothing that these samples found. */
export type SelfCheckResult = string | null

/** A share g of a replica that is gone is found with 1 − (1 − g)^80: of a tenth all but one in five thousand. */
const SAMPLES = 80

export async function selfCheck({ profile, provider, sector }: SelfCheckInput): Promise<SelfCheckResult> {
  const randomness = toHex(randomBytes(32))
  const alone = { profile, provider, partition: 0, randomness, count: SAMPLES, sectors: [sector], skipped: [] }
  const result = await postJob(alone)
  return 'damaged' in result ? result.damaged[0]!.reason : null
}

/** Makes treeR again, if the replica is whole. @throws as repairTree */
export async function treeAgain({ sector }: SelfCheckInput): Promise<null> {
  await repairTree({ dir: sector.dir, sectorNumber: sector.number, commR: fromHex(sector.commR) })
  return null
}
