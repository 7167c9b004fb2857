/** `@granary/protocol/messages`: what a client, a provider and the chain say to each other. Names no Node module. */

export {
  type Address,
  AMOUNT_MAX,
  type AttoGrn,
  address,
  attoGrn,
  type DealId,
  type Epoch,
  epoch,
  type Hash,
  MessageInvalidError,
  type PartitionNumber,
  type ProviderId,
  type SectorNumber,
} from '../codec/types.ts'
export type { AuthorizeKey } from './authorize-key.ts'
export type { BeaconEntry } from './beacon-entry.ts'
export type { CancelDeal } from './cancel-deal.ts'
export type { DealRenewal } from './deal-renewal.ts'
export { type DealTerms, type DealTermsJson, dealTermsFromJson, dealTermsToJson } from './deal-terms.ts'
export {
  declarations,
  type MessageBodies,
  type MessageName,
  type TransactionName,
  transactions,
} from './declarations.ts'
export type { DeclareFaults } from './declare-faults.ts'
export type { DepositCollateral } from './deposit-collateral.ts'
export type { ExtendSectors } from './extend-sectors.ts'
export { classOf, type FeeParams, feeOf, GENERAL_LANES, unitsOf } from './fee.ts'
export { formatGrn, parseGrn } from './grn.ts'
export type { Login } from './login.ts'
export { type TransactionClass, TX_BYTES_MAX } from './message.ts'
export type { PreCommitSectors, SectorPreCommit } from './pre-commit-sectors.ts'
export type { ProveCommitSector } from './prove-commit-sector.ts'
export { BUNDLE_BYTES_MAX } from './prove-commit-sector.ts'
export { PUBLISH_BYTES_MAX, type PublishDeal, type SignedTerms } from './publish-deal.ts'
export { type Quote, type QuoteJson, quoteFromJson, quoteToJson } from './quote.ts'
export { dealFee, providerFee, type RecordFeeParams } from './record-fees.ts'
export type { RegisterProvider } from './register-provider.ts'
export type { RenewDeal } from './renew-deal.ts'
export type { RequestRecovery } from './request-recovery.ts'
export type { RevokeKey } from './revoke-key.ts'
export { daemonScopes, isScope, TERMS_SCOPE } from './scopes.ts'
export type { SetAsk } from './set-ask.ts'
export type { SettleDeals } from './settle-deals.ts'
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
export type { SubmitPost } from './submit-post.ts'
export type { TerminateSectors } from './terminate-sectors.ts'
export type { TopUpDeal } from './top-up-deal.ts'
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
export type { Transfer } from './transfer.ts'
export type { UpdateProvider } from './update-provider.ts'
export type { WithdrawCollateral } from './withdraw-collateral.ts'
