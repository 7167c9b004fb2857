/** What all participants share: the chain, its parameters, sizes and durations of the market, the price of the day. */
import type { ChainParams } from '@granary/protocol/records'
import type { Costs } from './costs.ts'
import type { SimChain } from './sim-chain.ts'
import { PROFILE } from './simulated-proofs.ts'

export interface World {
  readonly chain: SimChain
  readonly params: ChainParams
  readonly seed: number
  readonly costs: Costs
  /** Sectors that the disk of each provider holds. */
  readonly diskSectors: number
  /** attoGRN a GiB and epoch, what the market pays today. */
  price(): bigint
}

export const GIB: number = 2 ** 30
export const TIB: number = 2 ** 40
export const SECTOR_GIB: number = PROFILE.sectorBytes / GIB
export const DEALS_PER_SECTOR = 2
export const PIECE_BYTES: number = PROFILE.sectorBytes / DEALS_PER_SECTOR
const HOUR_MS = 3_600_000

export const sealingMs: number = 6 * HOUR_MS
/** Finding out, fetching, sealing again. */
export const repairMs: number = 24 * HOUR_MS
export const activateWithinMs: number = 72 * HOUR_MS
/** A chance a period, for each sector that the disk holds, that its replica is lost. */
export const FAULT_CHANCE = 0.004

export function epochsIn({ blockTimeMs }: Pick<ChainParams, 'blockTimeMs'>, durationMs: number): number {
  return Math.ceil(durationMs / blockTimeMs)
}

/** Of which epoch the lists are that a draw of `epoch` asks for, on a chain whose blocks are never late. */
export function frozenAt({ cutoff, seedMarginMs, blockTimeMs }: ChainParams, epoch: number): number {
  return epoch - Math.max(cutoff, 2 + Math.ceil(seedMarginMs / blockTimeMs))
}

/** attoGRN a sector and epoch, as long as the network is below its design size. */
export function sectorReward({ capacityReward, designPower }: ChainParams): bigint {
  return (capacityReward * BigInt(PROFILE.sectorBytes)) / designPower
}

/** What the chain locks for a sector: its pledge, and as long as it is not proven its deposit. */
export function sectorLocks(params: ChainParams): { readonly pledge: bigint; readonly deposit: bigint } {
  const gib = BigInt(SECTOR_GIB)
  return { pledge: params.pledgePerGiB * gib, deposit: params.preCommitDepositPerGiB * gib }
}
