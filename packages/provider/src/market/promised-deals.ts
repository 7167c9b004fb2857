/**
 * What the provider has promised and not paid for yet: agreements that nobody has published, and what open uploads were quoted
 * at. A quote alone promises no money, since it costs whoever asks nothing: its upload does, and an upload is opened only for an
 * account that can pay. So who uploads for hours is not told at the end that somebody else got the collateral.
 */
import type { Quote } from '@granary/protocol/messages'
import type { DealStore } from '../deals/deal-store.ts'
import type { UploadStore } from '../uploads/upload-store.ts'
import type { PromisedDeals } from './provider-means.ts'

export interface PromisedContext {
  readonly deals: Pick<DealStore, 'offered' | 'waitingPieceBytes'>
  readonly uploads: Pick<UploadStore, 'all'>
  /** Also one that has run out since: its upload goes on. */
  readonly quoteOf: (quoteId: string) => Quote | undefined
}

export function promisedDeals({ deals, uploads, quoteOf }: PromisedContext): PromisedDeals {
  const quotes = uploads.all().flatMap(({ quoteId }) => quoteOf(quoteId) ?? [])
  return {
    collateral: quotes.reduce((sum, { providerCollateral }) => sum + providerCollateral, deals.offered().collateral),
    pieceBytes: quotes.reduce((sum, { pieceSize }) => sum + pieceSize, deals.waitingPieceBytes()),
  }
}
