/**
 * What a greedy provider calculates: whether a sector's disk earns more with new deals, after all that it takes to leave the
 * old ones. It knows the rules and the price of the day, and takes the price to stay.
 */
import { compensationFor, leavingCosts } from '@granary/protocol/records'
import type { Strategy } from './strategies.ts'
import { epochsIn, repairMs, SECTOR_GIB, sealingMs, sectorReward, type World } from './world.ts'

export interface LeavableDeal {
  readonly pricePerEpoch: bigint
  readonly endsAt: number
  readonly collateral: bigint
}

/** The day on which it calculates. */
export interface Prospect extends Pick<World, 'params' | 'costs' | 'price'> {
  readonly chain: { readonly height: number }
}

/** @param vesting: of which leaving forfeits a part @returns whether leaving pays */
export function isWorthLeaving(
  world: Prospect,
  by: Strategy['leavesBy'],
  deals: readonly LeavableDeal[],
  vesting: bigint,
): boolean {
  if (by === 'nothing' || deals.length === 0) return false
  const { chain, params } = world
  const left = Math.min(...deals.map(({ endsAt }) => endsAt)) - chain.height
  // Before it earns again: the next market, sealing, and the span that is not proven.
  const idle = epochsIn(params, sealingMs) + epochsIn(params, repairMs)
  if (left <= idle) return false
  const reward = sectorReward(params)
  const income = deals.reduce((total, { pricePerEpoch }) => total + pricePerEpoch, reward)
  const newIncome = world.price() * BigInt(SECTOR_GIB) + reward
  const gain = newIncome * BigInt(left - idle) - income * BigInt(left)
  const ends = Math.max(...deals.map(({ endsAt }) => endsAt)) - chain.height
  const collateral = deals.reduce((total, deal) => total + deal.collateral, 0n)
  const pay = income - reward
  const end = chain.height + ends
  const costs = leavingCosts(params, { pay, expiry: end, dealsEnd: end }, { since: chain.height, reward })
  // Who only waits as faulty pays the fee of leaving all the same, in the end, and as long as the deals end before that, not
  // more of the collateral than what the clients were not served for.
  const waits = by === 'declaring' && ends < params.faultMaxAge
  const declared = by === 'declaring' ? BigInt(params.declaredFaultFee) * income : 0n
  const putUp = waits ? compensationFor(collateral, pay * BigInt(left)) : collateral
  const forfeited = costs.forfeit < vesting ? costs.forfeit : vesting
  const lost = costs.fee + declared + putUp + forfeited + world.costs.sealingGiB * BigInt(SECTOR_GIB)
  return gain > lost
}

/** Whether signed deals are worth less than their collateral and a better price for the same time. */
export function isWorthLapsing(
  world: Pick<World, 'price'>,
  deals: readonly { readonly pricePerEpoch: bigint; readonly duration: number; readonly collateral: bigint }[],
): boolean {
  const newPay = (world.price() * BigInt(SECTOR_GIB)) / BigInt(deals.length)
  const gains = deals.map(
    ({ pricePerEpoch, duration, collateral }) => (newPay - pricePerEpoch) * BigInt(duration) - collateral,
  )
  return gains.reduce((total, gain) => total + gain, 0n) > 0n
}
