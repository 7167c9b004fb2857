/** What stands in the state once: where the chain is, its money, its fees and rewards. */
import { bigUint, epochs, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { DealId, Epoch, ProviderId } from '../codec/types.ts'
import { amount, u48 } from './fields.ts'

export interface Head {
  readonly height: number
  /** Header time. */
  readonly timeMs: number
}

export const headRecord: Struct<Head> = struct<Head>('Head', { height: u48, timeMs: uint(53) })

/** Where all the money is, kept beside the records that hold it: section 4, Invariant. */
export interface Totals {
  readonly genesis: bigint
  readonly minted: bigint
  readonly burnt: bigint
  readonly balances: bigint
  readonly escrow: bigint
  readonly collateralFree: bigint
  readonly collateralLocked: bigint
  readonly vesting: bigint
  /** Of validators, with what is on its way back. */
  readonly bonds: bigint
}

export const totalsRecord: Struct<Totals> = struct<Totals>('Totals', {
  genesis: amount,
  minted: amount,
  burnt: amount,
  balances: amount,
  escrow: amount,
  collateralFree: amount,
  collateralLocked: amount,
  vesting: amount,
  bonds: amount,
})

/** How much general messages cost at present: base-fee.ts. */
export interface FeeLevel {
  /** In millionths. */
  readonly level: bigint
}

export const feeLevelRecord: Struct<FeeLevel> = struct<FeeLevel>('FeeLevel', { level: bigUint(64) })

/** The capacity stream: section 4, Rewards. */
export interface Rewards {
  /** What one byte that always earned would have earned since the genesis, in 2⁻⁶⁴ attoGRN. */
  readonly index: bigint
  /** Bytes that earn, of all partitions. */
  readonly power: bigint
}

export const rewardsRecord: Struct<Rewards> = struct<Rewards>('Rewards', { index: bigUint(256), power: bigUint(128) })

export interface NextIds {
  readonly provider: ProviderId
  readonly deal: DealId
}

export const nextIdsRecord: Struct<NextIds> = struct<NextIds>('NextIds', { provider: uint(32), deal: u48 })

export interface Draws {
  /** Epoch through which challenges have been drawn or given up. */
  readonly through: Epoch
  /** The lists that were frozen for it are those of this epoch; later draws ask for no earlier ones. */
  readonly frozenAt: Epoch
  /** Swaps that the permutation of its period has made. */
  readonly swaps: number
}

export const drawsRecord: Struct<Draws> = struct<Draws>('Draws', { through: epochs, frozenAt: epochs, swaps: u48 })
