/** Options of a put that deals of an earlier put do not follow: their terms are settled, or they are all that there is to be. */
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { UploadState } from '../journal/upload-state.ts'
import { type OrderWanted, priceOf } from './slot-price.ts'

/** What of a put becomes terms of its deals. */
export interface TermsWanted {
  readonly label?: string | undefined
  readonly renewUntil?: Date | undefined
  readonly collateralShareBps?: number | undefined
  readonly again?: boolean | undefined
}

/** Options of a put that the terms of its deals settle; `again`: a deal is not active yet, and until it is no other is made. */
export type OptionOfTerms = 'label' | 'renewUntil' | 'collateralShareBps' | 'again'

export interface UploadFound {
  readonly order: OrderWanted
  /** Slots that are no longer wanted. */
  readonly skipped: ReadonlySet<number>
  /** By an earlier upload that is over, all of it. */
  readonly isMade: boolean
}

/** The same date is another epoch as blocks come late or early: within a hundredth it is the order that is wanted. */
const ORDER_SLACK = 100

export function withoutEffect(
  { label, renewUntil, collateralShareBps, again }: TermsWanted,
  { order: { until, from }, skipped, isMade }: UploadFound,
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
  if (again && isMade) names.add('again')
  return [...names]
}
