/** Options of a put that deals which were agreed before do not follow: their terms are settled. */
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { UploadState } from '../journal/upload-state.ts'
import { type OrderWanted, priceOf } from './slot-price.ts'

/** What of a put becomes terms of its deals. */
export interface TermsWanted {
  readonly label?: string | undefined
  readonly renewUntil?: Date | undefined
  readonly collateralShareBps?: number | undefined
}

/** Options of a put that the terms of its deals settle. */
export type OptionOfTerms = 'label' | 'renewUntil' | 'collateralShareBps'

export interface UploadFound {
  readonly order: OrderWanted
  /** Slots that are no longer wanted. */
  readonly skipped: ReadonlySet<number>
}

/** The same date is another epoch as blocks come late or early: within a hundredth it is the order that is wanted. */
const ORDER_SLACK = 100

export function withoutEffect(
  { label, renewUntil, collateralShareBps }: TermsWanted,
  { order: { until, from }, skipped }: UploadFound,
  { slots }: UploadState,
): OptionOfTerms[] {
  const names = new Set<OptionOfTerms>()
  for (const [index, slot] of slots.entries()) {
    if (skipped.has(index) || !('terms' in slot)) continue
    const { extendableUntil = 0, providerCollateral, ...terms } = dealTermsFromJson(slot.terms)
    if (label !== undefined && terms.label !== label) names.add('label')
    if (renewUntil && Math.abs(extendableUntil - until) * ORDER_SLACK > until - from) names.add('renewUntil')
    if (collateralShareBps && providerCollateral * 10_000n < priceOf(slot) * BigInt(collateralShareBps))
      names.add('collateralShareBps')
  }
  return [...names]
}
