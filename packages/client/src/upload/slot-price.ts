/** What a slot's deal costs for its whole duration, in attoGRN: by its terms, or by the quote that they will be of. */
import { dealTermsFromJson, quoteFromJson } from '@granary/protocol/messages'
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
