/** Whether the provider would sign these terms at all: its own id, a live quote with the same figures, an end in time. */
import { type ChainTime, epochsIn, formatDuration, momentOf } from '@granary/protocol/epochs'
import type { Address, DealTerms, Quote } from '@granary/protocol/messages'
import { TermsRefusedError } from './agreement-errors.ts'

export interface TermsContext {
  readonly client: Address
  readonly providerId: number
  readonly time: ChainTime
  /** For how long from now a standing order is taken; 0: none is. */
  readonly ordersMaxMs: number
  /** The quotes of the client that still hold. */
  readonly quotes: readonly Quote[]
}

/** Space and collateral are held this long at most for a deal that nobody has paid. */
const OFFER_VALID_MS = 60 * 60_000

/** @throws TermsRefusedError */
export function checkTerms(terms: DealTerms, context: TermsContext): void {
  if (terms.client !== context.client)
    throw new TermsRefusedError(
      'TERMS_CLIENT_MISMATCH',
      `the terms are of ${terms.client}, you are logged in as ${context.client}`,
      'log in with the account that pays',
    )
  if (terms.provider !== context.providerId)
    throw new TermsRefusedError(
      'TERMS_PROVIDER_MISMATCH',
      `the terms name provider ${terms.provider}, this is provider ${context.providerId}`,
      'send them to the provider that they name',
    )
  checkEnd(terms, context)
  checkExtension(terms, context)
  if (!context.quotes.some((quote) => isQuoted(terms, quote)))
    throw new TermsRefusedError(
      'TERMS_NOT_QUOTED',
      `no live quote for ${terms.client} has these figures`,
      'ask for a quote and copy its figures into the terms',
      figuresOf(terms),
    )
}

/** A standing order keeps the provider at its price so long. */
function checkExtension({ extendableUntil = 0 }: DealTerms, { time, ordersMaxMs }: TermsContext): void {
  // It was named when the upload began, which takes its time: as long as an offer holds.
  const latest = ordersMaxMs === 0 ? 0 : time.height + Math.floor((ordersMaxMs + OFFER_VALID_MS) / time.blockTimeMs)
  if (extendableUntil > latest)
    throw new TermsRefusedError(
      'TERMS_EXTENSION_TOO_LONG',
      latest === 0
        ? 'this provider takes no standing orders'
        : `the terms may be extended until ${momentOf(extendableUntil, time)}, this provider takes ${momentOf(latest, time)} at most`,
      'name an earlier extendableUntil, or leave it out',
      { extendableUntil, latest },
    )
}

function checkEnd(terms: DealTerms, { time }: TermsContext): void {
  const head = time.height
  if (terms.validUntil <= head)
    throw new TermsRefusedError(
      'TERMS_EXPIRED',
      `the terms are valid until ${momentOf(terms.validUntil, time)}, the chain is at epoch ${head}`,
      'send terms with a later validUntil',
      { validUntil: terms.validUntil, head },
    )
  const latest = head + epochsIn(OFFER_VALID_MS, time)
  if (terms.validUntil > latest)
    throw new TermsRefusedError(
      'TERMS_VALID_TOO_LONG',
      `the terms are valid until ${momentOf(terms.validUntil, time)}, at most ${momentOf(latest, time)} is taken`,
      `publish within ${formatDuration(OFFER_VALID_MS)}: send an earlier validUntil`,
      { validUntil: terms.validUntil, latest },
    )
}

function isQuoted(terms: DealTerms, quote: Quote): boolean {
  return (
    terms.pieceSize === quote.pieceSize &&
    terms.duration === quote.duration &&
    terms.pricePerEpoch === quote.pricePerEpoch &&
    terms.providerCollateral === quote.providerCollateral &&
    terms.activateWithin === quote.activateWithin
  )
}

function figuresOf(terms: DealTerms): Record<string, unknown> {
  return {
    pieceSize: terms.pieceSize,
    duration: terms.duration,
    pricePerEpoch: String(terms.pricePerEpoch),
    providerCollateral: String(terms.providerCollateral),
    activateWithin: terms.activateWithin,
  }
}
