/**
 * For how long a sector has been proven. When a challenge closes, nothing is written a sector: the standing of a sector
 * follows from the last answer of its partition, and from the first challenge that its list missed since it joined. Spans
 * in which it was faulty before a recovery have records of their own. What no answer reached is a gap of the partition, of
 * which each sector has lost the part that lies in its own time. docs/spec/chain.md section 3: a span reaches from one
 * closed challenge (or the activation, or the draw of a recovery) to the next.
 */
import type { Epoch, PartitionNumber, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { Miss, Placement, Sector } from '@granary/protocol/records'
import { keyNumber, provenThrough } from '@granary/protocol/records'
import { drawsOf } from '../store/draws.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { firstOf } from '../store/table.ts'
import { tables } from '../store/tables.ts'
import { partitionOf } from './partitions.ts'

export interface Standing {
  /** The epoch through which it is proven: its activation, or the draw of its recovery, before the first answer. */
  readonly proven: Epoch
  /** The block since which no answer of its partition proves it; undefined: it is sound. */
  readonly stoppedAt: Epoch | undefined
}

export function standingOf(store: StateReader, provider: ProviderId, sector: Sector): Standing {
  const placement = placementOf(sector)
  const { partition, listedAt } = placement
  const { stopped } = sector
  if (stopped !== undefined) return { proven: stopped.proven, stoppedAt: stopped.at }
  const miss = firstMissSince(store, provider, partition, listedAt)
  const proven = provenThrough(placement, miss ?? partitionOf(store, provider, partition))
  return { proven, stoppedAt: miss?.at }
}

/** The epoch through which it is known whether the sector was proven. */
export function decidedThrough(store: StateReader, provider: ProviderId, sector: Sector): Epoch {
  if (sector.status === 'ended') return sector.expiry
  const { proven, stoppedAt } = standingOf(store, provider, sector)
  if (stoppedAt === undefined) return proven
  if (sector.status === 'terminated') return stoppedAt
  // A recovery counts from its draw, and one that is not open yet will have a later draw than all that have been made.
  const { recovery } = partitionOf(store, provider, placementOf(sector).partition)
  return Math.max(proven, recovery?.epoch ?? drawsOf(store).through)
}

/** Epochs from the activation through `epoch`, which must be decided, that were faulted or that no answer reached. */
export function faultedThrough(
  store: StateReader,
  { provider, number }: { readonly provider: ProviderId; readonly number: SectorNumber },
  sector: Sector,
  epoch: Epoch,
): number {
  const { before, run } = faultsThrough(store, { provider, number }, sector, epoch)
  return before + run
}

/** The draw of the recovery that ended the fault which was found in that block; undefined: none has. */
export function recoveryAfter(
  store: StateReader,
  { provider, number }: { readonly provider: ProviderId; readonly number: SectorNumber },
  faultySince: Epoch,
): Epoch | undefined {
  const after: [number, number, number] = [provider, number, faultySince - 1]
  const span = firstOf(tables.faultedSpans.entries(store, [provider, number], after))
  return span && keyNumber(span.parts[2])
}

/**
 * Faulted epochs since the last proof or recovery, when they reach to `epoch`, which must be decided. A gap is no fault.
 */
export function faultedRunTo(
  store: StateReader,
  place: { readonly provider: ProviderId; readonly number: SectorNumber },
  sector: Sector,
  epoch: Epoch,
): number {
  return faultsThrough(store, place, sector, epoch).run
}

/** How long the last run of faulted epochs is, which may be 0, and how many were faulted or not reached before it. */
function faultsThrough(
  store: StateReader,
  { provider, number }: { readonly provider: ProviderId; readonly number: SectorNumber },
  sector: Sector,
  epoch: Epoch,
): { readonly before: number; readonly run: number } {
  const after: [number, number, number] = [provider, number, epoch - 1]
  const span = firstOf(tables.faultedSpans.entries(store, [provider, number], after))?.value
  const { partition, since, faultedEpochs } = placementOf(sector)
  const unreached = (from: Epoch, to: Epoch): number => unreachedBetween(store, { provider, partition }, from, to)
  if (span !== undefined) {
    const { start, before } = span
    return { before: before - unreached(Math.min(epoch, start), start), run: Math.max(0, epoch - start) }
  }
  const { proven, stoppedAt } = standingOf(store, provider, sector)
  const drawn = sector.stopped?.drawn ?? proven
  const end = stoppedAt === undefined ? epoch : Math.min(epoch, drawn)
  return {
    before: faultedEpochs + unreached(since, end),
    run: stoppedAt === undefined ? 0 : Math.max(0, epoch - proven),
  }
}

/** Epochs in (from, to] that no answer of the partition reached. */
export function unreachedBetween(
  store: StateReader,
  { provider, partition }: { readonly provider: ProviderId; readonly partition: PartitionNumber },
  from: Epoch,
  to: Epoch,
): number {
  if (to <= from) return 0
  const total = partitionOf(store, provider, partition).unreached
  if (total === 0) return 0
  const through = (epoch: Epoch): number => {
    const after: [number, number, number] = [provider, partition, epoch - 1]
    const gap = firstOf(tables.gaps.entries(store, [provider, partition], after))?.value
    return gap === undefined ? total : gap.before + Math.max(0, epoch - gap.from)
  }
  return through(to) - through(from)
}

export function placementOf(sector: Sector): Placement {
  const { placement } = sector
  if (placement === undefined) throw new InvariantError('a sector that was never proven has no span')
  return placement
}

/** The first missed challenge whose list held what joined at `listedAt`. */
function firstMissSince(
  store: StateReader,
  provider: ProviderId,
  partition: PartitionNumber,
  listedAt: Epoch,
): Miss | undefined {
  const after: [number, number, number] = [provider, partition, listedAt - 1]
  return firstOf(tables.misses.entries(store, [provider, partition], after))?.value
}
