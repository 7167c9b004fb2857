/** When a deal ends, and what it costs that it goes on. */
import type { DealView } from '@granary/protocol/client'
import { type ChainTime, epochsIn, epochTimeMs } from '@granary/protocol/epochs'
import type { AttoGrn, Epoch } from '@granary/protocol/messages'

const DAY_MS = 24 * 60 * 60_000
const MONTH_MS = 30 * DAY_MS

/** Days before the end of a deal at which its client is warned, the most urgent first. */
export const WARNING_DAYS = [3, 14, 30] as const

/** A deal goes on by its standing order, unless something is amiss. */
export interface StandingOrder {
  readonly until: Epoch
  readonly untilMs: number
  /**
   * `unfunded`: the balance does not pay for 30 days more of this order and those before it; `overdue`: nobody has had it paid,
   * though most of its time has run down.
   */
  readonly state: 'kept' | 'unfunded' | 'overdue'
}

/** What it costs that a deal goes on, and how; beside each epoch its time in milliseconds since 1970, an estimate. */
export interface GoingOn {
  readonly deal: number
  readonly endsAt: Epoch
  readonly endsAtMs: number
  readonly endsInMs: number
  /** Its standing order, as far as it goes beyond the end that is paid; null: there is none. */
  readonly order: StandingOrder | null
  /** For how long it lasts as things are: to the end of its order where that is kept, else to the end that is paid. */
  readonly lastsMs: number
  /** The warning that is due, in days before it lasts no longer; null: there is more time than that. */
  readonly warning: (typeof WARNING_DAYS)[number] | null
  /** attoGRN for thirty days more. */
  readonly pricePerMonth: AttoGrn
  /** Up to then anybody may top the deal up; null: only its provider can give it more time. */
  readonly extendableUntil: Epoch | null
  readonly extendableUntilMs: number | null
}

/** @param balance of its client, in attoGRN, where it has a standing order. @returns undefined for a deal that does not run */
export function goingOn(deal: DealView, time: ChainTime, balance?: bigint): GoingOn | undefined {
  const { id, state, endsAt, terms } = deal
  const { height, blockTimeMs } = time
  if (state !== 'active' || endsAt === undefined || endsAt <= height) return undefined
  const endsInMs = (endsAt - height) * blockTimeMs
  const order = orderOf(deal, endsAt, { ...time, balance })
  const lastsMs = order?.state === 'kept' ? (order.until - height) * blockTimeMs : endsInMs
  const extendableUntil = terms.extendableUntil === undefined ? null : Number(terms.extendableUntil)
  return {
    deal: id,
    endsAt,
    endsAtMs: epochTimeMs(endsAt, time),
    endsInMs,
    order,
    lastsMs,
    warning: WARNING_DAYS.find((days) => lastsMs <= days * DAY_MS) ?? null,
    pricePerMonth: BigInt(terms.pricePerEpoch) * BigInt(epochsIn(MONTH_MS, time)),
    extendableUntil,
    extendableUntilMs: extendableUntil === null ? null : epochTimeMs(extendableUntil, time),
  }
}

/** Of deals that share balances: the one that ends first is paid first. @param balances in attoGRN, by client */
export function goingOnOf(
  deals: readonly DealView[],
  time: ChainTime,
  balances: ReadonlyMap<string, bigint>,
): Map<number, GoingOn> {
  const left = new Map(balances)
  const found = new Map<number, GoingOn>()
  for (const deal of deals.toSorted((a, b) => (a.endsAt ?? 0) - (b.endsAt ?? 0))) {
    const { client } = deal.terms
    const going = goingOn(deal, time, left.get(client))
    if (going === undefined) continue
    found.set(deal.id, going)
    if (going.order !== null) left.set(client, (left.get(client) ?? 0n) - dueOf(deal, going.endsAt, time))
  }
  return found
}

/** Of so much of its time the provider would have had the rest paid long ago. */
const OVERDUE_SHARE = 4

function orderOf(
  deal: DealView,
  endsAt: Epoch,
  time: ChainTime & { readonly balance: bigint | undefined },
): StandingOrder | null {
  const { orderedUntil: until = 0, terms } = deal
  if (until <= endsAt) return null
  const order = { until, untilMs: epochTimeMs(until, time) }
  if (time.balance !== undefined && time.balance < dueOf(deal, endsAt, time)) return { ...order, state: 'unfunded' }
  const isOverdue = (endsAt - time.height) * OVERDUE_SHARE < Number(terms.duration)
  return { ...order, state: isOverdue ? 'overdue' : 'kept' }
}

/** What its order takes for the next thirty days, or for what is left of it. */
function dueOf({ orderedUntil = 0, terms }: DealView, endsAt: Epoch, time: ChainTime): bigint {
  const epochs = Math.min(orderedUntil - endsAt, epochsIn(MONTH_MS, time))
  return BigInt(terms.pricePerEpoch) * BigInt(Math.max(0, epochs))
}
