/** What a deal of the state is, at a height, and what its next settlement decides. docs/spec/chain.md sections 2 and 4. */
import type { Epoch } from '@granary/protocol/messages'
import { type Deal, type DealStatus, dealStatusOf } from '@granary/protocol/records'
import { decidedThrough, faultedThrough } from '../proving/spans.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/** What the next settlement of a deal that was active decides. */
export interface DueEpochs {
  readonly through: Epoch
  readonly proven: number
  readonly faulted: number
}

export function dealStatus(store: StateReader, deal: Deal, height: Epoch): DealStatus {
  const { sector: number, terms } = deal
  if (number === undefined) return dealStatusOf(deal, undefined, height)
  const sector = tables.sectors.get(store, terms.provider, number)
  if (sector === undefined) throw new InvariantError(`sector ${terms.provider}/${number} of a deal is unknown`)
  return dealStatusOf(deal, sector, height)
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
