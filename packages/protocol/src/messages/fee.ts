/**
 * What a message costs, from its kind and its size alone, so that a client knows it before it signs: a base, a price a
 * byte and a price a unit of verification (one unit ≈ 1 µs of one core). Fees are burnt. docs/spec/chain.md section 1.
 */

import type { AttoGrn } from '../codec/types.ts'
import type { TransactionName } from './bodies.ts'

export interface FeeParams {
  readonly feeBase: AttoGrn
  readonly feeByte: AttoGrn
  readonly feeUnit: AttoGrn
  /** The proving class: a fixed fee, so that a full market never keeps a proof out. */
  readonly feeProving: AttoGrn
}

interface UnitCost {
  readonly base: number
  readonly perKiB: number
}

const SIGNATURE_UNITS = 500
// A deal's terms take at least 330 bytes and a signature each; a proof's work grows with its bytes.
const unitCosts: { readonly [N in TransactionName]: UnitCost } = {
  Transfer: { base: SIGNATURE_UNITS, perKiB: 0 },
  AuthorizeKey: { base: SIGNATURE_UNITS, perKiB: 0 },
  RegisterProvider: { base: SIGNATURE_UNITS, perKiB: 0 },
  SetAsk: { base: SIGNATURE_UNITS, perKiB: 0 },
  DepositCollateral: { base: SIGNATURE_UNITS, perKiB: 0 },
  RevokeKey: { base: SIGNATURE_UNITS, perKiB: 0 },
  UpdateProvider: { base: SIGNATURE_UNITS, perKiB: 0 },
  WithdrawCollateral: { base: SIGNATURE_UNITS, perKiB: 0 },
  RenewDeal: { base: 2 * SIGNATURE_UNITS, perKiB: 0 },
  TopUpDeal: { base: SIGNATURE_UNITS, perKiB: 0 },
  CancelDeal: { base: SIGNATURE_UNITS, perKiB: 0 },
  PublishDeal: { base: SIGNATURE_UNITS, perKiB: 4 * SIGNATURE_UNITS },
  SettleDeals: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  PreCommitSectors: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  ProveCommitSector: { base: SIGNATURE_UNITS, perKiB: 150 },
  ExtendSectors: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  TerminateSectors: { base: SIGNATURE_UNITS, perKiB: 16_000 },
  SubmitPost: { base: SIGNATURE_UNITS, perKiB: 150 },
  DeclareFaults: { base: SIGNATURE_UNITS, perKiB: 16_000 },
  // An empty list means a whole partition.
  RequestRecovery: { base: 10_000, perKiB: 8_000 },
}

const provingKinds: readonly TransactionName[] = ['SubmitPost', 'DeclareFaults', 'RequestRecovery']

/** Lanes 0 to 31: those of general messages. */
export const GENERAL_LANES = 32

export type TransactionClass = 'general' | 'proving'

export function classOf(kind: TransactionName): TransactionClass {
  return provingKinds.includes(kind) ? 'proving' : 'general'
}

/** Units of verification that a message of this kind and size takes from a block. */
export function unitsOf(kind: TransactionName, bytes: number): number {
  const { base, perKiB } = unitCosts[kind]
  return base + perKiB * Math.ceil(bytes / 1024)
}

/** @param bytes: of the encoded transaction, its signature included */
export function feeOf(kind: TransactionName, bytes: number, params: FeeParams): AttoGrn {
  if (classOf(kind) === 'proving') return params.feeProving
  return params.feeBase + params.feeByte * BigInt(bytes) + params.feeUnit * BigInt(unitsOf(kind, bytes))
}
