/** @granary/client: one verb a file; nothing here needs Node. The client with a journal is `@granary/client/node`. */

export type { TimelineEntry } from '@granary/protocol/events'
export type { ProviderInfo } from '@granary/protocol/market'
export { type FindPublishedInput, findPublished, type PublishDealInput, publishDeal } from './deals/publish-deal.ts'
export { awaitsSettlement, type SettleEndedInput, type SettleProgress, settleEnded } from './deals/settle-ended.ts'
export { type AgreeDealInput, type Agreement, agreeDeal, TermsMismatchError } from './providers/agree-deal.ts'
export { type AskQuoteInput, askQuote, collateralShareFor, type Standing } from './providers/ask-quote.ts'
export {
  type ChooseProviderInput,
  type ChooseProviderOptions,
  type ChosenProvider,
  chooseProvider,
  endpointOf,
  NoProviderError,
  type PieceWanted,
  type ProviderRefusal,
  type RefusalReason,
  rankProviders,
} from './providers/choose-provider.ts'
export { type FollowDealInput, type FollowDealOptions, followDeal } from './providers/follow-deal.ts'
export { keepLoggedIn, type LoginInput, login, type Session } from './providers/login.ts'
export { ProviderAnswerError, ProviderUnreachableError } from './providers/request-json.ts'
export { pricePerEpochOf, QuoteMismatchError, type RequestQuoteInput, requestQuote } from './providers/request-quote.ts'
export {
  blobSource,
  type PieceSource,
  type UploadPieceInput,
  type UploadPieceOptions,
  uploadIdOf,
  uploadPiece,
} from './providers/upload-piece.ts'
export { ProviderSignatureError } from './providers/verify-provider-signature.ts'
