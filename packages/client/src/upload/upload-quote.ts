/** What an upload would cost, and who would have it: what a person agrees to. Amounts are attoGRN in decimal. */
import type { Place } from '../journal/upload-state.ts'
import type { PlannedSlot, Trait } from '../plan/plan-upload.ts'
import type { UploadPrice } from '../plan/price-upload.ts'
import type { OptionOfTerms } from './without-effect.ts'

/** The whole price of an upload, before anything is spent. */
export interface UploadQuote {
  readonly rootCid: string
  readonly fileBytes: number
  readonly pieces: readonly { readonly payloadSize: number; readonly pieceSize: number }[]
  readonly copies: number
  /** Epochs. */
  readonly duration: number
  readonly durationMs: number
  /** The latest epoch up to which standing orders keep the deals going, those of an earlier run too; null: there are none. */
  readonly renewUntil: number | null
  /** Milliseconds since 1970, an estimate. */
  readonly renewUntilMs: number | null
  /** Options that were given, and that a deal which was agreed before does not follow: `again` makes others. */
  readonly withoutEffect: readonly OptionOfTerms[]
  /** The copies that are still to be paid. */
  readonly slots: readonly QuotedSlot[]
  /** Of the deals, by the asks of now: a put whose quote was confirmed is held to the `total`, whatever is asked later. */
  readonly price: string
  /** The most that standing orders take beside, as time goes by. */
  readonly order: string
  /** Burnt for the records of the deals. */
  readonly recordFees: string
  /** The most that publishing takes. */
  readonly messageFees: string
  /** The most that is spent on fees where the deals of one provider that is lost before it has proven them are made again. */
  readonly spareFees: string
  /** All of these. */
  readonly total: string
  /** The price for 30 days. */
  readonly month: string
  /** The price of a GiB of the content for 30 days, all copies together. */
  readonly perGiBMonth: string
  /** What providers store for it, all copies together. */
  readonly storedBytes: number
}

/** What one copy of one piece costs, and with whom. */
export interface QuotedSlot extends Place {
  readonly slot: number
  readonly provider: number
  readonly name: string
  readonly price: string
  /** 100: no other is cheaper, and nothing speaks against it. */
  readonly score: number
  readonly reasons: readonly string[]
  /** What it has in common with another copy of the piece, since there was no better one. */
  readonly shares: readonly Trait[]
}

type Asked = Omit<UploadQuote, 'slots' | keyof UploadPrice>

export function uploadQuote(asked: Asked, slots: readonly PlannedSlot[], price: UploadPrice): UploadQuote {
  return {
    ...asked,
    slots: slots.map(({ order: _order, ...slot }) => ({ ...slot, price: `${slot.price}` })),
    price: `${price.price}`,
    order: `${price.order}`,
    recordFees: `${price.recordFees}`,
    messageFees: `${price.messageFees}`,
    spareFees: `${price.spareFees}`,
    total: `${price.total}`,
    month: `${price.month}`,
    perGiBMonth: `${price.perGiBMonth}`,
    storedBytes: price.storedBytes,
  }
}
