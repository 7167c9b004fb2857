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
  type ProposalId,
  type ProviderId,
  type SectorNumber,
} from '../codec/types.ts'
export { formatAddress, parseAddress } from './address-text.ts'
export type { BeaconEntry } from './beacon-entry.ts'
export { type DealRenewal, dealRenewal } from './deal-renewal.ts'
export { type DealTerms, type DealTermsJson, dealTermsFromJson, dealTermsToJson, orderPriceMax } from './deal-terms.ts'
export {
  declarations,
  type MessageBodies,
  type MessageName,
  type TransactionName,
  transactions,
} from './declarations.ts'
export type { TypedData, TypedMessage } from './eip712.ts'
export { classOf, type FeeParams, feeOf, GENERAL_LANES, unitsOf } from './fee.ts'
export { formatGrn, parseGrn } from './grn.ts'
export type { Login } from './login.ts'
export { type TransactionClass, TX_BYTES_MAX } from './message.ts'
export { possessionDigest } from './possession.ts'
export type { SectorPreCommit } from './pre-commit-sectors.ts'
export { BUNDLE_BYTES_MAX } from './prove-commit-sector.ts'
export { PUBLISH_BYTES_MAX, type SignedTerms } from './publish-deal.ts'
export { type Quote, type QuoteJson, quoteFromJson, quoteToJson } from './quote.ts'
export { dealFee, providerFee, type RecordFeeParams } from './record-fees.ts'
export { daemonScopes, isScope, LOGIN_SCOPE, scopeOf, TERMS_SCOPE } from './scopes.ts'
export {
  ACCOUNT_SIGNATURE_BYTES,
  accountSigner,
  addressOf,
  addressOfPoint,
  type KeySigner,
  SESSION_SIGNATURE_BYTES,
  type SignedBy,
  type Signer,
  sessionKeyOf,
  sessionSigner,
  verifySigner,
} from './signer.ts'
export type { ParamChange, ProposalContent } from './submit-proposal.ts'
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
  typedDealRenewal,
  typedDealTerms,
  typedLogin,
  typedQuote,
  typedTransaction,
} from './transaction.ts'
export type { VoteChoice } from './vote.ts'
