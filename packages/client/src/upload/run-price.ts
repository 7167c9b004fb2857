/** What a run of an upload comes to, which is what may be spent is held against. */
import type { Slot, Spending, UploadState } from '../journal/upload-state.ts'
import { type FeesNow, feesOfDeal } from '../plan/price-upload.ts'
import { isPriced, orderOf, priceOf } from './slot-price.ts'
import type { UploadRun } from './upload-run.ts'

/** What a deal is reckoned with. */
export type Reckoned = Pick<UploadRun, 'order' | 'feesPerDeal' | 'dealFees'>
type Paying = Reckoned & Pick<UploadRun, 'skipped'>
type Paid = Pick<UploadState, 'slots' | 'spending'>

/**
 * Of the deals that are made since the price was agreed to, with their fees, and of those of them that were lost: earlier ones
 * are paid, and no part of it.
 */
export function runPrice({ slots, spending }: Paid, run: Paying): bigint {
  return slots.reduce(
    (sum, slot, index) => (run.skipped.has(index) ? sum : sum + costOf(slot, spending, run)),
    BigInt(spending?.lost ?? 0),
  )
}

/** Of those of them whose terms stand: what is only quoted can still be left. */
export function offeredPrice({ slots, spending }: Paid, run: Reckoned): bigint {
  return slots.reduce(
    (sum, slot) => ('terms' in slot ? sum + costOf(slot, spending, run) : sum),
    BigInt(spending?.lost ?? 0),
  )
}

function costOf(slot: Slot, spending: Spending | undefined, run: Reckoned): bigint {
  if (!isPriced(slot)) return 0n
  const price = priceOf(slot) + orderOf(slot, run.order)
  if (!('terms' in slot)) return price + run.feesPerDeal
  return spending?.paid.includes(slot.agreementId)
    ? 0n
    : price + (run.dealFees.get(slot.agreementId) ?? run.feesPerDeal)
}

/**
 * What a deal that was not kept has cost of what was agreed to. When it lapses all of its price comes back, and only its fees are
 * lost; what comes back of one that was paid before is there for the deal in its place.
 */
export function lostBy(slot: Slot, spending: Spending | undefined, run: Reckoned, hasLapsed: boolean): bigint {
  const back = hasLapsed && isPriced(slot) ? priceOf(slot) + orderOf(slot, run.order) : 0n
  return costOf(slot, spending, run) - back
}

export interface FeesWithin extends FeesNow {
  readonly feesPerDeal: bigint
}

/** What a deal may cost beside its price: what was reckoned with, or what it is by now, and never more than what is left. */
export function dealFeesWithin(left: bigint, { feesPerDeal, ...fees }: FeesWithin): bigint {
  const now = feesOfDeal(fees)
  const wanted = now > feesPerDeal ? now : feesPerDeal
  return wanted < left ? wanted : left
}
