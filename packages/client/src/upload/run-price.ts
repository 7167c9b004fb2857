/** What a run of an upload comes to, which is what may be spent is held against. */
import { dealFee, feeOf, PUBLISH_BYTES_MAX } from '@granary/protocol/messages'
import type { Slot, UploadState } from '../journal/upload-state.ts'
import { isPriced, orderOf, priceOf } from './slot-price.ts'
import type { UploadRun } from './upload-run.ts'

/** Twice the present fee is reckoned with: the base fee may rise until the message is sent. */
const FEE_HEADROOM = 2n

type Paying = Pick<UploadRun, 'skipped' | 'paid' | 'order' | 'feesPerDeal' | 'dealFees'>

/** Of the deals that this run makes, with their fees: those of earlier runs are paid, and no part of what is agreed to now. */
export function runPrice({ slots }: Pick<UploadState, 'slots'>, run: Paying): bigint {
  return slots.reduce((sum, slot, index) => (run.skipped.has(index) ? sum : sum + costOf(slot, run)), 0n)
}

/** Of those of them whose terms stand: what is only quoted can still be left. */
export function offeredPrice({ slots }: Pick<UploadState, 'slots'>, run: Paying): bigint {
  return slots.reduce((sum, slot) => ('terms' in slot ? sum + costOf(slot, run) : sum), 0n)
}

function costOf(slot: Slot, { paid, order, feesPerDeal, dealFees }: Paying): bigint {
  if (!isPriced(slot)) return 0n
  const price = priceOf(slot) + orderOf(slot, order)
  if (!('terms' in slot)) return price + feesPerDeal
  return paid.has(slot.agreementId) ? 0n : price + (dealFees.get(slot.agreementId) ?? feesPerDeal)
}

export interface FeesNow {
  readonly feesPerDeal: bigint
  readonly fees: Parameters<typeof feeOf>[2]
  readonly params: Parameters<typeof dealFee>[0]
}

/** What a deal may cost beside its price: what was reckoned with, or what it is by now, and never more than what is left. */
export function dealFeesWithin(left: bigint, { feesPerDeal, fees, params }: FeesNow): bigint {
  const now = dealFee(params) + feeOf('PublishDeal', PUBLISH_BYTES_MAX, fees) * FEE_HEADROOM
  const wanted = now > feesPerDeal ? now : feesPerDeal
  return wanted < left ? wanted : left
}

/** Deals that are on the chain: what they cost is locked. */
export function paidDeals({ slots }: Pick<UploadState, 'slots'>): UploadRun['paid'] {
  return new Set(
    slots.flatMap((slot) => (slot.state === 'published' || slot.state === 'active' ? [slot.agreementId] : [])),
  )
}
