/**
 * How a provider leaves well: it takes nothing new, keeps and proves what it has promised until that ends, settles, ends what
 * holds no deals, and takes its collateral. What to do next follows from what the chain says at this moment, so that leaving can be
 * interrupted and gone on with at any time. Pure.
 */
import type { DealView, SectorView } from '@granary/protocol/client'

export interface ExitState {
  readonly height: number
  /** Epochs of a proving period. */
  readonly provingPeriod: number
  readonly deals: readonly Pick<DealView, 'id' | 'state' | 'endsAt' | 'lapsesAt' | 'locked' | 'earned' | 'claim'>[]
  /** Proven or faulty. */
  readonly sectors: readonly Pick<SectorView, 'number' | 'expiry' | 'deals'>[]
  /** attoGRN. */
  readonly freeCollateral: bigint
  readonly lockedCollateral: bigint
}

export interface ExitPlan {
  /** Deals that run: kept and proven until then. */
  readonly running: readonly { readonly deal: number; readonly until: number }[]
  /** Over, with money in them. */
  readonly settle: readonly number[]
  /** Without a deal that runs, and not over by themselves within a period. */
  readonly terminate: readonly number[]
  /** Without a deal that runs: they end by themselves, for nothing. */
  readonly ending: readonly { readonly sector: number; readonly until: number }[]
  /** attoGRN; undefined while something is left that it could be needed for. What vests later is not in it. */
  readonly withdraw: bigint | undefined
}

export function planExit(state: ExitState): ExitPlan {
  const { deals, sectors, height, provingPeriod, freeCollateral, lockedCollateral } = state
  const running = deals.filter(({ state }) => isRunning(state))
  const runningIds = new Set(running.map(({ id }) => id))
  const settle = deals.filter((deal) => !isRunning(deal.state) && isOpen(deal)).map(({ id }) => id)
  // One whose deal waits for its settlement is needed by that.
  const open = new Set([...runningIds, ...settle])
  const empty = sectors.filter((sector) => !sector.deals.some((id) => open.has(id)))
  const isLong = ({ expiry }: { expiry: number }): boolean => expiry > height + provingPeriod
  const isBare = open.size === 0 && sectors.length === 0 && lockedCollateral === 0n
  return {
    running: running.map(({ id, endsAt, lapsesAt }) => ({ deal: id, until: endsAt ?? lapsesAt })),
    settle,
    terminate: empty.filter(isLong).map(({ number }) => number),
    ending: empty.filter((sector) => !isLong(sector)).map(({ number, expiry }) => ({ sector: number, until: expiry })),
    withdraw: isBare ? freeCollateral : undefined,
  }
}

function isRunning(state: DealView['state']): boolean {
  return state === 'published' || state === 'committed' || state === 'active'
}

function isOpen({ locked, earned, claim }: Pick<DealView, 'locked' | 'earned' | 'claim'>): boolean {
  return BigInt(locked) > 0n || BigInt(earned) > 0n || claim !== undefined
}
