/**
 * Every message, declared once: from a declaration come its tuple on the wire, its EIP-712 struct and the checks of its
 * form; its TypeScript type stands beside it and the compiler holds the two together. What a message does stands in
 * state/messages, a file each. docs/spec/chain.md section 2.
 */

import { address, bigUint, bytes, bytes32, epochs, list, peerId, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Address, AttoGrn, Epoch } from '../codec/types.ts'
import { type DealRenewal, dealRenewal } from './deal-renewal.ts'
import { type DealTerms, type DealTermsJson, dealTerms } from './deal-terms.ts'

export interface Transfer {
  readonly to: Address
  readonly amount: AttoGrn
}

/** Lets an ed25519 key sign for the sender's account. */
export interface AuthorizeKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Message names, and `terms` for DealTerms and Quotes. */
  readonly scopes: readonly string[]
  /** The last epoch in which the key may sign. */
  readonly expires: Epoch
  /** What may leave the account's balance by this key, fees included. */
  readonly spendingLimit: AttoGrn
}

export interface RevokeKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

export interface RegisterProvider {
  readonly payout: Address
  /** 32 bytes, authorised with all scopes of a daemon; or empty. */
  readonly sessionKey: Uint8Array
  readonly endpoints: readonly string[]
  readonly peerId: string
  readonly region: string
  readonly name: string
}

export interface UpdateProvider extends RegisterProvider {
  readonly provider: number
}

export interface SetAsk {
  readonly provider: number
  readonly pricePerGiBEpoch: AttoGrn
  readonly pieceSizeMin: number
  readonly pieceSizeMax: number
  readonly durationMin: number
  readonly durationMax: number
  readonly profiles: readonly string[]
  /** Hundredths of a percent of the price: the most collateral that it puts up for a deal. */
  readonly collateralShareMaxBps: number
  readonly validUntil: Epoch
}

export interface DepositCollateral {
  readonly provider: number
  readonly amount: AttoGrn
}

export interface WithdrawCollateral {
  readonly provider: number
  readonly amount: AttoGrn
}

export interface SignedTerms {
  readonly terms: DealTerms
  readonly providerSignature: Uint8Array
}

export interface PublishDeal {
  readonly deals: readonly SignedTerms[]
}

export interface RenewDeal {
  readonly renewal: DealRenewal
  /** Over the renewal, by a key that may sign the provider's terms. */
  readonly providerSignature: Uint8Array
}

export interface TopUpDeal {
  readonly deal: number
  readonly epochs: number
}

export interface CancelDeal {
  readonly deal: number
}

export interface SectorPreCommit {
  /** < 2³², used once ever. */
  readonly number: number
  readonly profile: string
  readonly commD: Uint8Array
  readonly commR: Uint8Array
  readonly ticketEpoch: Epoch
  /** In the order of their pieces in the sector. */
  readonly deals: readonly number[]
  readonly expiry: Epoch
}

export interface PreCommitSectors {
  readonly provider: number
  readonly sectors: readonly SectorPreCommit[]
}

export interface ProveCommitSector {
  readonly provider: number
  readonly number: number
  readonly bundle: Uint8Array
}

export interface SubmitPost {
  readonly provider: number
  readonly partition: number
  readonly challengeEpoch: Epoch
  /** Positions of the frozen list that are not proven: ascending, each with a sample on it. */
  readonly skipped: readonly number[]
  readonly bundle: Uint8Array
}

export interface ExtendSectors {
  readonly provider: number
  readonly sectors: readonly number[]
  readonly expiry: Epoch
}

export interface TerminateSectors {
  readonly provider: number
  readonly sectors: readonly number[]
}

export interface DeclareFaults {
  readonly provider: number
  readonly partition: number
  readonly sectors: readonly number[]
}

export interface RequestRecovery {
  readonly provider: number
  readonly partition: number
  /** None: all that are faulty. */
  readonly sectors: readonly number[]
}

export interface SettleDeals {
  readonly deals: readonly number[]
}

/** A beacon round: the first item of a block, without sender, fee or signature of its own. */
export interface BeaconEntry {
  readonly round: number
  /** 48 bytes, BLS12-381 G1. */
  readonly signature: Uint8Array
}

export interface MessageBodies {
  readonly BeaconEntry: BeaconEntry
  readonly Transfer: Transfer
  readonly AuthorizeKey: AuthorizeKey
  readonly RevokeKey: RevokeKey
  readonly RegisterProvider: RegisterProvider
  readonly UpdateProvider: UpdateProvider
  readonly SetAsk: SetAsk
  readonly DepositCollateral: DepositCollateral
  readonly WithdrawCollateral: WithdrawCollateral
  readonly PublishDeal: PublishDeal
  readonly RenewDeal: RenewDeal
  readonly TopUpDeal: TopUpDeal
  readonly CancelDeal: CancelDeal
  readonly PreCommitSectors: PreCommitSectors
  readonly ProveCommitSector: ProveCommitSector
  readonly ExtendSectors: ExtendSectors
  readonly TerminateSectors: TerminateSectors
  readonly SubmitPost: SubmitPost
  readonly DeclareFaults: DeclareFaults
  readonly RequestRecovery: RequestRecovery
  readonly SettleDeals: SettleDeals
}

export type MessageName = keyof MessageBodies
/** The messages that an account sends: all but the beacon's entry. */
export type TransactionName = Exclude<MessageName, 'BeaconEntry'>

export const BUNDLE_BYTES_MAX: number = 3 * 2 ** 20
/** One for each eight samples, of which a challenge has 200 at most. */
const SKIPS_MAX = 25
const id = uint(32)
const dealId = uint(48)

const signedTerms: Struct<SignedTerms> = struct<SignedTerms, { terms: DealTermsJson; providerSignature: string }>(
  'SignedTerms',
  { terms: dealTerms, providerSignature: bytes(65, 96) },
)

const sectorPreCommit: Struct<SectorPreCommit> = struct('SectorPreCommit', {
  number: uint(32),
  profile: text(32),
  commD: bytes32,
  commR: bytes32,
  ticketEpoch: epochs,
  deals: list(dealId, { max: 256 }),
  expiry: epochs,
})

const providerProfile = {
  payout: address,
  sessionKey: bytes(0, 32),
  endpoints: list(text(256), { max: 8 }),
  peerId,
  region: text(64),
  name: text(64),
}

export interface Declaration<N extends MessageName> {
  /** The number on the wire; never used again for anything else. */
  readonly kind: number
  readonly body: Struct<MessageBodies[N]>
  readonly sizeMax: number
}

export const TX_BYTES_MAX: number = 64 * 2 ** 10

// Numbers left out belong to messages of chain.md that this version of the chain does not take yet.
export const declarations: { readonly [N in MessageName]: Declaration<N> } = {
  BeaconEntry: {
    kind: 0,
    sizeMax: 128,
    body: struct('BeaconEntry', { round: uint(53), signature: bytes(48, 48) }),
  },
  Transfer: { kind: 1, sizeMax: TX_BYTES_MAX, body: struct('Transfer', { to: address, amount: bigUint(128) }) },
  AuthorizeKey: {
    kind: 2,
    sizeMax: TX_BYTES_MAX,
    body: struct('AuthorizeKey', {
      publicKey: bytes32,
      scopes: list(text(32), { max: 32 }),
      expires: epochs,
      spendingLimit: bigUint(128),
    }),
  },
  RevokeKey: { kind: 3, sizeMax: TX_BYTES_MAX, body: struct('RevokeKey', { publicKey: bytes32 }) },
  RegisterProvider: { kind: 4, sizeMax: TX_BYTES_MAX, body: struct('RegisterProvider', providerProfile) },
  UpdateProvider: {
    kind: 5,
    sizeMax: TX_BYTES_MAX,
    body: struct('UpdateProvider', { provider: id, ...providerProfile }),
  },
  SetAsk: {
    kind: 6,
    sizeMax: TX_BYTES_MAX,
    body: struct('SetAsk', {
      provider: id,
      pricePerGiBEpoch: bigUint(128),
      pieceSizeMin: uint(64),
      pieceSizeMax: uint(64),
      durationMin: epochs,
      durationMax: epochs,
      profiles: list(text(32), { max: 16 }),
      collateralShareMaxBps: uint(32),
      validUntil: epochs,
    }),
  },
  DepositCollateral: {
    kind: 7,
    sizeMax: TX_BYTES_MAX,
    body: struct('DepositCollateral', { provider: id, amount: bigUint(128) }),
  },
  WithdrawCollateral: {
    kind: 8,
    sizeMax: TX_BYTES_MAX,
    body: struct('WithdrawCollateral', { provider: id, amount: bigUint(128) }),
  },
  RenewDeal: {
    kind: 10,
    sizeMax: TX_BYTES_MAX,
    body: struct('RenewDeal', { renewal: dealRenewal, providerSignature: bytes(65, 96) }),
  },
  TopUpDeal: { kind: 11, sizeMax: TX_BYTES_MAX, body: struct('TopUpDeal', { deal: dealId, epochs }) },
  CancelDeal: { kind: 12, sizeMax: TX_BYTES_MAX, body: struct('CancelDeal', { deal: dealId }) },
  PublishDeal: {
    kind: 9,
    sizeMax: TX_BYTES_MAX,
    body: struct('PublishDeal', { deals: list(signedTerms, { min: 1, max: 64 }) }),
  },
  SettleDeals: {
    kind: 13,
    sizeMax: TX_BYTES_MAX,
    body: struct('SettleDeals', { deals: list(dealId, { min: 1, max: 256 }) }),
  },
  PreCommitSectors: {
    kind: 14,
    sizeMax: TX_BYTES_MAX,
    body: struct('PreCommitSectors', { provider: id, sectors: list(sectorPreCommit, { min: 1, max: 64 }) }),
  },
  ProveCommitSector: {
    kind: 15,
    sizeMax: BUNDLE_BYTES_MAX,
    body: struct('ProveCommitSector', { provider: id, number: uint(32), bundle: bytes(1, BUNDLE_BYTES_MAX) }),
  },
  ExtendSectors: {
    kind: 16,
    sizeMax: TX_BYTES_MAX,
    body: struct('ExtendSectors', { provider: id, sectors: list(uint(32), { min: 1, max: 256 }), expiry: epochs }),
  },
  TerminateSectors: {
    kind: 17,
    sizeMax: TX_BYTES_MAX,
    body: struct('TerminateSectors', { provider: id, sectors: list(uint(32), { min: 1, max: 256 }) }),
  },
  DeclareFaults: {
    kind: 19,
    sizeMax: TX_BYTES_MAX,
    body: struct('DeclareFaults', {
      provider: id,
      partition: uint(32),
      sectors: list(uint(32), { min: 1, max: 2_048 }),
    }),
  },
  RequestRecovery: {
    kind: 20,
    sizeMax: TX_BYTES_MAX,
    body: struct('RequestRecovery', { provider: id, partition: uint(32), sectors: list(uint(32), { max: 2_048 }) }),
  },
  SubmitPost: {
    kind: 18,
    sizeMax: 2 ** 20,
    body: struct('SubmitPost', {
      provider: id,
      partition: uint(32),
      challengeEpoch: epochs,
      skipped: list(uint(32), { max: SKIPS_MAX }),
      bundle: bytes(1, 2 ** 20),
    }),
  },
}
