/**
 * What the provider has promised and not paid for yet: agreements that nobody has published, and what open uploads were quoted
 * at. A quote alone promises no money, since it costs whoever asks nothing: its upload does, and an upload is opened only for an
 * account that can pay, and ended when it no longer can. So who uploads for hours is not told at the end that somebody else got the collateral.
 */
import type { DealStore } from '../deals/deal-store.ts'
import type { UploadStore } from '../uploads/upload-store.ts'
import type { PromisedDeals } from './provider-means.ts'
import type { QuoteStore } from './quote-store.ts'

export interface PromisedContext {
  readonly deals: Pick<DealStore, 'offered' | 'waitingPieces'>
  readonly uploads: Pick<UploadStore, 'all'>
  readonly quotes: Pick<QuoteStore, 'ofUpload'>
}

export function promisedDeals({ deals, uploads, quotes }: PromisedContext): PromisedDeals {
  const quoted = uploads.all().flatMap(({ quoteId }) => quotes.ofUpload(quoteId) ?? [])
  return {
    collateral: quoted.reduce((sum, { providerCollateral }) => sum + providerCollateral, deals.offered().collateral),
    pieces: [...deals.waitingPieces(), ...quoted.map(({ pieceSize }) => ({ pieceSize, bytes: pieceSize }))],
  }
}
