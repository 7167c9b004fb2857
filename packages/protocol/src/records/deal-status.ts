/**
 * What a deal is, by its record and that of its sector alone. Terminations, expiries and lapses write nothing into deals: the
 * state of one follows from its sector and from time, until a settlement closes it. docs/spec/chain.md sections 2 and 4. Here
 * and not in the chain, so that who has the records proven comes to the same.
 */
import type { Epoch, SectorNumber } from '../codec/types.ts'
import type { Deal } from './deals.ts'
import type { Partition } from './partitions.ts'
import type { Placement, Sector } from './sectors.ts'

export type DealStatus =
  | { readonly state: 'published' }
  /** Bound by a sector that waits for its proof: it can neither lapse nor be bound by another. */
  | { readonly state: 'committed'; readonly sector: SectorNumber }
  | {
      readonly state: 'active' | 'expired'
      readonly sector: SectorNumber
      readonly activatedAt: Epoch
      readonly endsAt: Epoch
    }
  /** Its client left it while the data was faulty; what becomes of the collateral depends on what becomes of the sector. */
  | { readonly state: 'claimed'; readonly sector: SectorNumber; readonly activatedAt: Epoch; readonly endsAt: Epoch }
  /** Its sector ended before it; the rest goes back. */
  | {
      readonly state: 'terminated'
      readonly sector: SectorNumber
      readonly activatedAt: Epoch
      readonly endsAt: Epoch
    }
  | { readonly state: 'lapsed' }
  /** Cancelled before a sector had it. A deal that was cancelled later stays active until its last span is decided. */
  | { readonly state: 'cancelled' }

/** What is said of a deal: what its status comes to at that height. */
export type DealStateName = Exclude<DealStatus['state'], 'claimed'>

/** @param sector that the deal names; undefined where it names none */
export function dealStatusOf(deal: Deal, sector: Sector | undefined, height: Epoch): DealStatus {
  if (deal.closed === 'lapsed') return { state: 'lapsed' }
  if (deal.closed === 'cancelled' && deal.sector === undefined) return { state: 'cancelled' }
  const { sector: number } = deal
  if (number === undefined || sector === undefined || sector.status === 'failed')
    return { state: height > deal.lapsesAt ? 'lapsed' : 'published' }
  if (sector.status === 'precommitted') return { state: 'committed', sector: number }
  const { placement, stopped } = sector
  if (placement === undefined) throw new RangeError('a sector that was proven has a place')
  const { activatedAt } = placement
  const endsAt = activatedAt + deal.duration
  const span = { sector: number, activatedAt }
  if (deal.claim !== undefined) return { state: deal.closed === 'no' ? 'claimed' : 'expired', ...span, endsAt }
  if (sector.status === 'terminated' && stopped !== undefined && stopped.at < endsAt) {
    return { state: 'terminated', ...span, endsAt: stopped.at }
  }
  return { state: deal.closed === 'no' ? 'active' : 'expired', ...span, endsAt }
}

export function dealStateOf({ cancelled }: Deal, status: DealStatus, height: Epoch): DealStateName {
  if (status.state === 'claimed') return 'cancelled'
  const isOver = status.state === 'expired' || (status.state === 'active' && height >= status.endsAt)
  if (isOver) return cancelled ? 'cancelled' : 'expired'
  return status.state
}

/** The epoch through which the last closed challenge that asked for a sector has proven it; its activation or recovery before the first. */
export function provenThrough(
  { since, listedAt }: Placement,
  { closedEpoch, closedFrozenAt }: Pick<Partition, 'closedEpoch' | 'closedFrozenAt'>,
): Epoch {
  return listedAt <= closedFrozenAt ? closedEpoch : since
}
