/** One step of a sector's life: what its state asks for next. Undefined when sealing has nothing more to do with it. */
import { isIn, type Sector } from '../sectors/sector.ts'
import { makeReplica } from './make-replica.ts'
import { planPreCommit, preCommit } from './pre-commit.ts'
import { dropLayers, proveCommit, proveReplica } from './prove-commit.ts'
import type { SealContext } from './seal-context.ts'

export function advanceSector(context: SealContext, sector: Sector, signal: AbortSignal): Promise<Sector> | undefined {
  if (isIn(sector, 'sealing')) return makeReplica(context, sector, signal)
  if (isIn(sector, 'sealed')) return planPreCommit(context, sector, signal)
  if (isIn(sector, 'precommitting')) return preCommit(context, sector, signal)
  if (isIn(sector, 'precommitted')) return proveReplica(context, sector, signal)
  if (isIn(sector, 'committing')) return proveCommit(context, sector, signal)
  if (isIn(sector, 'proving') && !sector.phase.finalized) return dropLayers(context, sector)
  // Filling sectors are the planner's, the others are proven or over.
  return undefined
}
