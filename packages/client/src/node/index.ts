/** @granary/client/node: the client with files, a journal and a staging folder. */

export { systemClock } from '@granary/base'
export type { ImportProfileName } from '@granary/content'
export { createChainClient } from '@granary/protocol/client'
export { accountSigner } from '@granary/protocol/messages'
export { checkScopes, clientScopes, type KeyGrant, ScopesInvalidError } from '../account/authorize-key.ts'
export { SendRunningError, type SentOnce, type SpendOptions } from '../account/send-once.ts'
export { OutboxInvalidError } from '../account/signed-message.ts'
export {
  type PlanTransferInput,
  planTransfer,
  TransferFundsError,
  type TransferPlan,
  type TransferWish,
} from '../account/transfer.ts'
export type { CallOptions } from '../call-options.ts'
export { type CancelPlan, type EndOrderPlan, planCancel, planEndOrder } from '../deals/cancel-deal.ts'
export type { DealView } from '../deals/deal-view.ts'
export type { ExtensionPlan } from '../deals/extension-plan.ts'
export {
  DealEndedError,
  DealForgottenError,
  type DealProgress,
  type FollowUntilOptions,
} from '../deals/follow-until.ts'
export { type GoingOn, goingOn, goingOnOf, type StandingOrder, WARNING_DAYS } from '../deals/going-on.ts'
export type { SettleOptions } from '../deals/list-deals.ts'
export { ownEnded, type Settled } from '../deals/settle-deals.ts'
export { type ContentStatus, type StatusInput, status } from '../deals/status.ts'
export { planTopUp } from '../deals/top-up-deal.ts'
export { type Duration, days, hours, minutes } from '../duration.ts'
export { JournalInvalidError } from '../journal/journal-invalid.ts'
export {
  type Bounds,
  type ListedProvider,
  type ListedProviders,
  listProviders,
  type ProviderAnswer,
  type ProviderStanding,
  type ProvidersInput,
  type ProvidersOptions,
} from '../plan/list-providers.ts'
export { CidNotStoredError, type EndedDeal, RetrievalFailedError, type RetrievalFailure } from '../retrieve/errors.ts'
export {
  type ByteRange,
  type GetOptions,
  get,
  type Retrieved,
} from '../retrieve/get.ts'
export type { GetProgress } from '../retrieve/get-progress.ts'
export { type ListedEntry, ls } from '../retrieve/ls.ts'
export type { FetchOptions, GetPorts } from '../retrieve/open-content.ts'
export type { HolderReport } from '../retrieve/report.ts'
export type { FolderEntry } from '../retrieve/walk-content.ts'
export {
  type Content,
  type ContentFile,
  type ContentSource,
  type ContentSourceOptions,
  contentSource,
  folderSource,
  SourceInvalidError,
} from '../sources/content-source.ts'
export { SpendingUnconfirmedError } from '../upload/agree-to-price.ts'
export { InsufficientFundsError } from '../upload/check-funds.ts'
export { PieceTooLargeError } from '../upload/piece-too-large.ts'
export { PriceAboveMaxError } from '../upload/price-above-max.ts'
export { PriceChangedError } from '../upload/price-changed.ts'
export { type MissingSlot, PutPartialError } from '../upload/put-partial.ts'
export type { PutOptions } from '../upload/put-prepared.ts'
export type { PutProgress } from '../upload/put-progress.ts'
export type { PutDeal, PutResult } from '../upload/put-result.ts'
export { PutRunningError } from '../upload/stage.ts'
export type { Upload } from '../upload/upload.ts'
export type { QuotedSlot, UploadQuote } from '../upload/upload-quote.ts'
export type { OptionOfTerms } from '../upload/without-effect.ts'
export { GenesisMismatchError, ListingFalseError, TrustInvalidError } from '../verify/errors.ts'
export type { TrustBasis } from '../verify/trust-chain.ts'
export type { VerifiedDeal, VerifiedStorage } from '../verify/verified-deal.ts'
export { type Verified, type VerifyOptions, type VerifyPorts, verify } from '../verify/verify.ts'
export {
  type Client,
  createGranary,
  /** The name of earlier releases. @deprecated for one release: createGranary */
  createGranary as createClient,
} from './create-granary.ts'
export { type DealsInput, deals } from './deals.ts'
export { OutInvalidError } from './file-sink.ts'
export { FileIsFolderError, FileNotFoundError, inspectFile, type UserFile } from './file-source.ts'
export { EntryUnsafeError, OutExistsError } from './folder-writer.ts'
export { type ClientOptions, journalIn, nodePorts, trustIn } from './node-ports.ts'
export { type PathSource, type PathSourceOptions, pathSource } from './path-source.ts'
export { type GetInput, type SaveOptions, type SaveResult, type SaveUnderOwnName, save } from './save.ts'
