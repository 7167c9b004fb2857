/** What a run of an upload comes to, which is what may be spent is held against. */
import type { UploadState } from '../journal/upload-state.ts'
import { isPriced, priceOf } from './slot-price.ts'
import type { UploadRun } from './upload-run.ts'

/** Of the deals that this run makes, with their fees: those of earlier runs are paid, and no part of what is agreed to now. */
export function runPrice(
  { slots }: Pick<UploadState, 'slots'>,
  { skipped, paid, feesPerDeal }: Pick<UploadRun, 'skipped' | 'paid' | 'feesPerDeal'>,
): bigint {
  return slots.reduce((sum, slot, index) => {
    const isPaid = 'terms' in slot && paid.has(slot.agreementId)
    return skipped.has(index) || isPaid || !isPriced(slot) ? sum : sum + priceOf(slot) + feesPerDeal
  }, 0n)
}

/** Deals that are on the chain: what they cost is locked. */
export function paidDeals({ slots }: Pick<UploadState, 'slots'>): UploadRun['paid'] {
  return new Set(
    slots.flatMap((slot) => (slot.state === 'published' || slot.state === 'active' ? [slot.agreementId] : [])),
  )
}
