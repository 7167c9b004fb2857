/** @granary/client: one verb a file; nothing here needs Node. The client with a journal is `@granary/client/node`. */

export type { TimelineEntry } from '@granary/protocol/events'
export type { ProviderInfo } from '@granary/protocol/market'
export { type AgreeDealInput, type Agreement, agreeDeal, TermsMismatchError } from './agree-deal.ts'
export { type AskQuoteInput, askQuote, collateralShareFor, type Standing } from './ask-quote.ts'
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
} from './choose-provider.ts'
export { type FollowDealInput, type FollowDealOptions, followDeal } from './follow-deal.ts'
export { keepLoggedIn, type LoginInput, login, type Session } from './login.ts'
export { type FindPublishedInput, findPublished, type PublishDealInput, publishDeal } from './publish-deal.ts'
export { ProviderAnswerError, ProviderUnreachableError } from './request-json.ts'
export { pricePerEpochOf, QuoteMismatchError, type RequestQuoteInput, requestQuote } from './request-quote.ts'
export { awaitsSettlement, type SettleEndedInput, type SettleProgress, settleEnded } from './settle-ended.ts'
export {
  blobSource,
  type PieceSource,
  type UploadPieceInput,
  type UploadPieceOptions,
  uploadIdOf,
  uploadPiece,
} from './upload-piece.ts'
export { ProviderSignatureError } from './verify-provider-signature.ts'
