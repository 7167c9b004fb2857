/**
 * What a message costs, from its kind and its size alone, so that a client knows it before it signs: a base, a price a
 * byte and a price a unit of verification (one unit ≈ 1 µs of one core). Fees are burnt. docs/spec/chain.md section 1.
 */

import type { AttoGrn } from '../codec/types.ts'
import { type TransactionName, transactions } from './declarations.ts'
import type { TransactionClass } from './message.ts'

export interface FeeParams {
  readonly feeBase: AttoGrn
  readonly feeByte: AttoGrn
  readonly feeUnit: AttoGrn
  /** The proving class: a fixed fee, so that a full market never keeps a proof out. */
  readonly feeProving: AttoGrn
}

/** Lanes 0 to 31: those of general messages. */
export const GENERAL_LANES = 32

export function classOf(kind: TransactionName): TransactionClass {
  return transactions[kind].class
}

/** Units of verification that a message of this kind and size takes from a block. */
export function unitsOf(kind: TransactionName, bytes: number): number {
  const { base, perKiB } = transactions[kind].units
  return base + perKiB * Math.ceil(bytes / 1024)
}

/** @param bytes: of the encoded transaction, its signature included */
export function feeOf(kind: TransactionName, bytes: number, params: FeeParams): AttoGrn {
  if (classOf(kind) === 'proving') return params.feeProving
  return params.feeBase + params.feeByte * BigInt(bytes) + params.feeUnit * BigInt(unitsOf(kind, bytes))
}
