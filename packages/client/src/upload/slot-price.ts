/** What a slot's deal costs for its whole duration, in attoGRN: by its terms, or by the quote that they will be of. */
import { dealTermsFromJson, orderPriceMax, quoteFromJson } from '@granary/protocol/messages'
import type { Slot } from '../journal/upload-state.ts'

type PricedSlot = Exclude<Slot, { readonly state: 'vacant' | 'chosen' }>

export function isPriced(slot: Slot): slot is PricedSlot {
  return slot.state !== 'vacant' && slot.state !== 'chosen'
}

export function priceOf(slot: PricedSlot): bigint {
  if (!('terms' in slot)) return quoteFromJson(slot.quote).total
  const { pricePerEpoch, duration } = dealTermsFromJson(slot.terms)
  return pricePerEpoch * BigInt(duration)
}

/** The epoch up to which standing orders are wanted, 0: none, and the one from which they are reckoned. */
export interface OrderWanted {
  readonly until: number
  readonly from: number
}

/** The most that the standing order of a slot's deal takes beside its price: by its terms, or by those that are wanted. */
export function orderOf(slot: PricedSlot, { until, from }: OrderWanted): bigint {
  if ('terms' in slot) return orderPriceMax(dealTermsFromJson(slot.terms), from)
  const { pricePerEpoch, duration } = quoteFromJson(slot.quote)
  return orderPriceMax({ pricePerEpoch, duration, extendableUntil: until }, from)
}
