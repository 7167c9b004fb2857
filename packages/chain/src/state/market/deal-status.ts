/**
 * What a deal is, at a height. Terminations, expiries and lapses write nothing into deals: the state of one follows from
 * its sector and from time, until a settlement closes it. docs/spec/chain.md sections 2 and 4.
 */
import type { Epoch, SectorNumber } from '@granary/protocol/messages'
import type { Deal, Sector } from '@granary/protocol/records'
import { decidedThrough, faultedThrough, placementOf } from '../proving/spans.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

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

/** What the next settlement of a deal that was active decides. */
export interface DueEpochs {
  readonly through: Epoch
  readonly proven: number
  readonly faulted: number
}

export function dealStatus(store: StateReader, deal: Deal, height: Epoch): DealStatus {
  if (deal.closed === 'lapsed') return { state: 'lapsed' }
  if (deal.closed === 'cancelled' && deal.sector === undefined) return { state: 'cancelled' }
  const bound = bindingSector(store, deal)
  if (bound === undefined) return { state: height > deal.lapsesAt ? 'lapsed' : 'published' }
  if (bound.sector.status === 'precommitted') return { state: 'committed', sector: bound.number }
  const { activatedAt } = placementOf(bound.sector)
  const endsAt = activatedAt + deal.duration
  const span = { sector: bound.number, activatedAt }
  if (deal.claim !== undefined) return { state: deal.closed === 'no' ? 'claimed' : 'expired', ...span, endsAt }
  const { stopped } = bound.sector
  if (bound.sector.status === 'terminated' && stopped !== undefined && stopped.at < endsAt) {
    return { state: 'terminated', ...span, endsAt: stopped.at }
  }
  return { state: deal.closed === 'no' ? 'active' : 'expired', ...span, endsAt }
}

/** Epochs of an active deal that are decided and not settled. */
export function dueEpochs(store: StateReader, deal: Deal, status: DealStatus): DueEpochs {
  const runs = status.state === 'active' || status.state === 'terminated' || status.state === 'claimed'
  if (deal.closed !== 'no' || !runs) return { through: deal.settledThrough, proven: 0, faulted: 0 }
  const { provider } = deal.terms
  const sector = tables.sectors.get(store, provider, status.sector)
  if (sector === undefined) throw new InvariantError(`sector ${provider}/${status.sector} of a deal is unknown`)
  const from = Math.max(deal.settledThrough, status.activatedAt)
  const through = Math.max(from, Math.min(status.endsAt, decidedThrough(store, provider, sector)))
  const place = { provider, number: status.sector }
  const faulted = faultedThrough(store, place, sector, through) - faultedThrough(store, place, sector, from)
  return { through, proven: through - from - faulted, faulted }
}

function bindingSector(store: StateReader, deal: Deal): { number: SectorNumber; sector: Sector } | undefined {
  const { sector: number } = deal
  if (number === undefined) return undefined
  const sector = tables.sectors.get(store, deal.terms.provider, number)
  if (sector === undefined) throw new InvariantError(`sector ${deal.terms.provider}/${number} of a deal is unknown`)
  return sector.status === 'failed' ? undefined : { number, sector }
}
