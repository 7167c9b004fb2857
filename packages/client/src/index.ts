/**
 * @granary/client: createGranary over the ports of the place that it runs in, and one verb a file below it; nothing here
 * needs Node. The ports are in `@granary/client/node` and `@granary/client/memory`.
 */

export type { ImportProfileName } from '@granary/content'
export type { TimelineEntry } from '@granary/protocol/events'
export type { ProviderInfo } from '@granary/protocol/market'
export type { Authorized, KeyGrant } from './account/authorize-key.ts'
export type { SentOnce, SpendOptions } from './account/send-once.ts'
export type { TransferPlan, TransferWish } from './account/transfer.ts'
export type { CallOptions } from './call-options.ts'
export { createGranary, type Granary } from './create-granary.ts'
export type { CancelPlan } from './deals/cancel-deal.ts'
export type { DealView } from './deals/deal-view.ts'
export type { Extended, ExtendWish } from './deals/extend-wish.ts'
export type { ExtensionPlan } from './deals/extension-plan.ts'
export { DealEndedError, DealForgottenError, type DealProgress, type FollowUntilOptions } from './deals/follow-until.ts'
export type { SettleOptions } from './deals/list-deals.ts'
export { type PublishDealInput, publishDeal } from './deals/publish-deal.ts'
export type { RenewalPlan } from './deals/renew-deal.ts'
export type { Settled } from './deals/settle-deals.ts'
export type { SettleProgress } from './deals/settle-ended.ts'
export type { ContentStatus } from './deals/status.ts'
export { type Duration, days, hours, minutes } from './duration.ts'
export type { Place, Slot, SlotState, Spending, UploadEvent, UploadPiece, UploadState } from './journal/upload-state.ts'
export type {
  Bounds,
  ListedProvider,
  ListedProviders,
  ProviderAnswer,
  ProviderStanding,
  ProvidersOptions,
} from './plan/list-providers.ts'
export type {
  Account,
  Chain,
  Clock,
  CreatePieceHasher,
  Fetch,
  Journal,
  Lock,
  Manifest,
  ManifestPiece,
  Outbox,
  PieceSource,
  Ports,
  Random,
  RangeBody,
  Sink,
  Source,
  Spool,
  SpoolReadOptions,
  TrustedChain,
  TrustStore,
} from './ports.ts'
export { type AgreeDealInput, type Agreement, agreeDeal, TermsMismatchError } from './providers/agree-deal.ts'
export { type AskQuoteInput, askQuote, collateralShareFor, type Standing } from './providers/ask-quote.ts'
export { type FollowDealInput, type FollowDealOptions, followDeal } from './providers/follow-deal.ts'
export { keepLoggedIn, type LoginInput, login, type Session } from './providers/login.ts'
export { pricePerEpochOf } from './providers/price-per-epoch-of.ts'
export {
  endpointOf,
  NoProviderError,
  type PieceWanted,
  type ProviderRefusal,
  type RefusalReason,
  rankProviders,
} from './providers/rank-providers.ts'
export { type Asked, ProviderAnswerError, ProviderUnreachableError } from './providers/request-json.ts'
export { QuoteMismatchError, type RequestQuoteInput, requestQuote } from './providers/request-quote.ts'
export {
  blobSource,
  type UploadPieceInput,
  type UploadPieceOptions,
  uploadIdOf,
  uploadPiece,
} from './providers/upload-piece.ts'
export { ProviderSignatureError } from './providers/verify-provider-signature.ts'
export {
  CidNotStoredError,
  type EndedDeal,
  RetrievalFailedError,
  type RetrievalFailure,
} from './retrieve/errors.ts'
export type {
  ByteRange,
  GetOptions,
  GotFile,
  GotFolder,
  GotObject,
  GotSymlink,
  Retrieved,
} from './retrieve/get.ts'
export type { GetProgress } from './retrieve/get-progress.ts'
export type { ListedEntry } from './retrieve/ls.ts'
export type { FetchOptions, GetPorts } from './retrieve/open-content.ts'
export type { HolderReport } from './retrieve/report.ts'
export type { SaveResult } from './retrieve/save.ts'
export type { FolderEntry } from './retrieve/walk-content.ts'
export type { Content, ContentFile, ContentSource, ContentSourceOptions } from './sources/content-source.ts'
export type { MissingSlot } from './upload/put-partial.ts'
export type { PutOptions } from './upload/put-prepared.ts'
export type { PutProgress } from './upload/put-progress.ts'
export type { PutDeal, PutResult } from './upload/put-result.ts'
export type { Upload } from './upload/upload.ts'
export type { QuotedSlot, UploadQuote } from './upload/upload-quote.ts'
export type { OptionOfTerms } from './upload/without-effect.ts'
export type { TrustBasis } from './verify/trust-chain.ts'
export type { VerifiedDeal, VerifiedStorage } from './verify/verified-deal.ts'
export type { Verified, VerifyOptions } from './verify/verify.ts'
