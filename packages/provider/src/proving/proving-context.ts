/** What the parts of proving share. */
import type { Alerts } from '../alerts.ts'
import type { SealContext } from '../sealing/seal-context.ts'
import type { SealingLog } from '../sectors/sealing-log.ts'
import { dealIdsOf } from '../sectors/sector.ts'
import type { LateWrites } from './late-writes.ts'
import type { LeavingProver } from './leave-volumes.ts'
import type { PostStore } from './post-store.ts'
import type { Readiness } from './readiness.ts'
import type { SectorHealth } from './sector-health.ts'

/** The queue is for sealing again what was damaged: no answer passes through it. */
export type ProvingContext = SealContext & {
  readonly prover: LeavingProver
  readonly posts: PostStore
  readonly late: LateWrites
  readonly health: SectorHealth
  readonly readiness: Readiness
  /** Sectors that their owner has taken out: declared faulty, and not asked back. */
  readonly maintenance: () => readonly number[]
  readonly alerts: Alerts
  readonly log: SealingLog
  /** Sealing goes on with a sector that is not proven any more. */
  readonly resume: (sector: number) => void
}

/** Deals of those sectors that this store knows. */
export function dealsIn({ store }: Pick<ProvingContext, 'store'>, sectors: readonly number[]): number[] {
  return sectors.flatMap((number) => {
    const sector = store.has(number) ? store.get(number) : undefined
    return sector?.phase.state === 'proving' ? dealIdsOf(sector) : []
  })
}
