/**
 * The price of general messages follows the load: a level that multiplies their three fees, 1 as long as blocks are not
 * half full. After each block it moves by as much as an eighth, up when more than half of the general room was taken, down
 * when less. The proving class never feels it. docs/spec/chain.md section 1.
 */
import type { FeeParams } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/** The level of 1, the lowest: amounts are counted in millionths of it. */
export const FEE_LEVEL_ONE: bigint = 1_000_000n
/** Ten minutes of full blocks reach this level; the bound keeps every fee within 128 bits. */
export const FEE_LEVEL_MAX: bigint = FEE_LEVEL_ONE * 1_000_000n

/** What the general messages of a block took of it. */
export interface GeneralUsage {
  readonly bytes: number
  readonly units: number
}

export function feeLevelOf(store: StateReader): bigint {
  return tables.feeLevel.get(store)?.level ?? FEE_LEVEL_ONE
}

/** What messages cost in the next block. */
export function currentFees(store: StateReader, params: FeeParams): FeeParams {
  const level = feeLevelOf(store)
  const priced = (amount: bigint): bigint => (amount * level + FEE_LEVEL_ONE - 1n) / FEE_LEVEL_ONE
  return {
    feeBase: priced(params.feeBase),
    feeByte: priced(params.feeByte),
    feeUnit: priced(params.feeUnit),
    feeProving: params.feeProving,
  }
}

/** Moves the level at the end of a block. Nothing is written when it stays the same. */
export function moveFeeLevel({ store, params }: BlockContext, used: GeneralUsage): void {
  const level = feeLevelOf(store)
  const next = nextFeeLevel(level, used, params)
  if (next !== level) tables.feeLevel.put(store, { level: next })
}

/**
 * level · (1 + (usage − ½) / ½ / 8), where usage is the share of the general half, by bytes or by units, whichever is
 * more; rounded down.
 */
export function nextFeeLevel(
  level: bigint,
  { bytes, units }: GeneralUsage,
  { blockBytes, blockVerifyUnits }: Pick<ChainParams, 'blockBytes' | 'blockVerifyUnits'>,
): bigint {
  const isByBytes = bytes * blockVerifyUnits > units * blockBytes
  const taken = BigInt(isByBytes ? bytes : units)
  const limit = BigInt(isByBytes ? blockBytes : blockVerifyUnits)
  // The general half is limit / 2 and what is aimed at limit / 4: (usage − ½) / ½ is 4 · taken / limit − 1.
  const next = (level * (7n * limit + 4n * taken)) / (8n * limit)
  if (next < FEE_LEVEL_ONE) return FEE_LEVEL_ONE
  return next > FEE_LEVEL_MAX ? FEE_LEVEL_MAX : next
}
