/** @granary/client/node: the client with a journal and a staging folder. */
export { PriceChangedError } from './agree.ts'
export { InsufficientFundsError } from './check-funds.ts'
export type { CallOptions } from './client-context.ts'
export { type Client, type ClientOptions, createClient } from './create-client.ts'
export { type DealsInput, deals, type OwnDeal, type SettleOptions } from './deals.ts'
export { DealEndedError, DealForgottenError, type FollowUntilOptions } from './follow-until.ts'
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
} from './get.ts'
export { JournalInvalidError } from './journal.ts'
export { PieceTooLargeError, type PutOptions, type PutResult } from './put.ts'
export type { DealProgress, PutProgress } from './put-progress.ts'
export { FileIsFolderError, FileNotFoundError, inspectFile, PutRunningError, type UserFile } from './stage-file.ts'
export { type ContentStatus, type DealStatus, type StatusInput, status } from './status.ts'
