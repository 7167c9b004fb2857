/**
 * How a provider leaves well: it takes nothing new, keeps and proves what it has promised until that ends, settles, ends what
 * holds no deals, and takes its collateral. What to do next follows from what the chain says at this moment, so that leaving can be
 * interrupted and gone on with at any time. Pure.
 */
import type { DealView, SectorView } from '@granary/protocol/client'
import { type Ending, isOwing, isSettled } from '../proving/settle-deals.ts'

export interface ExitState {
  readonly height: number
  /** Epochs of a proving period. */
  readonly provingPeriod: number
  readonly deals: readonly (Pick<DealView, 'id' | 'lapsesAt' | 'sector'> & Ending)[]
  /** Proven or faulty. */
  readonly sectors: readonly Pick<SectorView, 'number' | 'state' | 'expiry' | 'deals'>[]
  /** attoGRN. */
  readonly freeCollateral: bigint
  readonly lockedCollateral: bigint
}

export interface ExitPlan {
  /** Deals that run: kept and proven until then. */
  readonly running: readonly { readonly deal: number; readonly until: number }[]
  /** Over, and a settlement moves what is in them. */
  readonly settle: readonly number[]
  /** Over, with money of which it is not decided yet whose it is: by the last proof, or while their sector is faulty. */
  readonly undecided: readonly number[]
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
  const fates = new Map(sectors.map(({ number, state }) => [number, state]))
  const over = deals.filter((deal) => !isRunning(deal.state) && !isSettled(deal))
  const isDecided = (deal: ExitState['deals'][number]): boolean =>
    isOwing(deal, height, deal.sector === undefined ? undefined : fates.get(deal.sector.number))
  const settle = over.filter(isDecided).map(({ id }) => id)
  // One whose deal waits for its settlement is needed by that.
  const open = new Set([...runningIds, ...over.map(({ id }) => id)])
  const empty = sectors.filter((sector) => !sector.deals.some((id) => open.has(id)))
  const isLong = ({ expiry }: { expiry: number }): boolean => expiry > height + provingPeriod
  const isBare = open.size === 0 && sectors.length === 0 && lockedCollateral === 0n
  return {
    running: running.map(({ id, endsAt, lapsesAt }) => ({ deal: id, until: endsAt ?? lapsesAt })),
    settle,
    undecided: over.filter((deal) => !isDecided(deal)).map(({ id }) => id),
    terminate: empty.filter(isLong).map(({ number }) => number),
    ending: empty.filter((sector) => !isLong(sector)).map(({ number, expiry }) => ({ sector: number, until: expiry })),
    withdraw: isBare ? freeCollateral : undefined,
  }
}

export function isRunning(state: DealView['state']): boolean {
  return state === 'published' || state === 'committed' || state === 'active'
}
