import type { ChainParams } from '@granary/protocol/records'

/** The latest expiry of a sector whose longest deal could begin at `from`. */
export function sectorExpiryMax(params: ChainParams, from: number): number {
  return from + params.dealDurationMax + 2 * params.provingPeriod
}
