/** @granary/client/node: the client with a journal and a staging folder. */

export type { CallOptions } from '../call-options.ts'
export { type DealsInput, deals, type OwnDeal, type SettleOptions } from '../deals/deals.ts'
export {
  DealEndedError,
  DealForgottenError,
  type DealProgress,
  type FollowUntilOptions,
} from '../deals/follow-until.ts'
export { type ContentStatus, type DealStatus, type StatusInput, status } from '../deals/status.ts'
export { JournalInvalidError } from '../journal/journal.ts'
export {
  CidNotStoredError,
  type EndedDeal,
  type GetInput,
  type GetOptions,
  type GetProgress,
  type GetResult,
  get,
  OutInvalidError,
  RetrievalFailedError,
  type RetrievalFailure,
} from '../retrieve/get.ts'
export { PriceChangedError } from '../upload/agree.ts'
export { InsufficientFundsError } from '../upload/check-funds.ts'
export { PieceTooLargeError, type PutOptions, type PutResult } from '../upload/put.ts'
export type { PutProgress } from '../upload/put-progress.ts'
export {
  FileIsFolderError,
  FileNotFoundError,
  inspectFile,
  PutRunningError,
  type UserFile,
} from '../upload/stage-file.ts'
export { type Client, type ClientOptions, createClient } from './create-client.ts'
