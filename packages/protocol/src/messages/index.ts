/** `@granary/protocol/messages`: what a client, a provider and the chain say to each other. Names no Node module. */

export {
  type Address,
  AMOUNT_MAX,
  type AttoGrn,
  address,
  attoGrn,
  type Epoch,
  epoch,
  type Hash,
  MessageInvalidError,
} from '../codec/types.ts'
export type {
  AuthorizeKey,
  BeaconEntry,
  CancelDeal,
  DeclareFaults,
  DepositCollateral,
  ExtendSectors,
  MessageBodies,
  MessageName,
  PreCommitSectors,
  ProveCommitSector,
  PublishDeal,
  RegisterProvider,
  RenewDeal,
  RequestRecovery,
  RevokeKey,
  SectorPreCommit,
  SetAsk,
  SettleDeals,
  SignedTerms,
  SubmitPost,
  TerminateSectors,
  TopUpDeal,
  TransactionName,
  Transfer,
  UpdateProvider,
  WithdrawCollateral,
} from './bodies.ts'
export {
  BUNDLE_BYTES_MAX,
  type Declaration,
  declarations,
  TX_BYTES_MAX,
} from './bodies.ts'
export type { DealRenewal } from './deal-renewal.ts'
export { type DealTerms, type DealTermsJson, dealTermsFromJson, dealTermsToJson } from './deal-terms.ts'
export { classOf, type FeeParams, feeOf, GENERAL_LANES, type TransactionClass, unitsOf } from './fee.ts'
export { formatGrn, parseGrn } from './grn.ts'
export type { Login } from './login.ts'
export { type Quote, type QuoteJson, quoteFromJson, quoteToJson } from './quote.ts'
export { dealFee, providerFee, type RecordFeeParams } from './record-fees.ts'
export {
  ACCOUNT_SIGNATURE_BYTES,
  accountSigner,
  addressOf,
  addressOfPoint,
  SESSION_SIGNATURE_BYTES,
  type SignedBy,
  type Signer,
  sessionKeyOf,
  sessionSigner,
  verifySigner,
} from './signer.ts'
export {
  dealRenewalDigest,
  dealTermsDigest,
  decodeBeaconEntry,
  decodeTransaction,
  type Envelope,
  encodeBeaconEntry,
  encodeTransaction,
  hashOf,
  isBeaconEntry,
  loginDigest,
  quoteDigest,
  type Transaction,
  TransactionDecodeError,
  transactionDigest,
  transactionId,
} from './transaction.ts'
