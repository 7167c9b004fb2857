/** What a simulation found, as plain data: amounts are attoGRN. */

import { providerView, recount } from '@granary/chain/state'
import { type ChainParamsJson, chainParams, type Totals } from '@granary/protocol/records'
import type { Costs } from './costs.ts'
import { addFlows, burntOf, type Flows, gainOf, mintedOf, noFlows, type Participant, sum, vestingOf } from './money.ts'
import type { RealCosts, Seat } from './provider.ts'
import { PROFILE } from './simulated-proofs.ts'
import { type Strategy, type StrategyGroup, strategies } from './strategies.ts'
import { SECTOR_GIB, TIB, type World } from './world.ts'

/** Of the honest income: one percent. */
const RESOLUTION = 100n

export interface SimReport {
  readonly providers: number
  readonly periods: number
  readonly seed: number
  /** Percent, at once, after a third of the periods. */
  readonly priceRise: number
  readonly blocks: number
  readonly blockTimeMs: number
  readonly profile: string
  /** Sectors that the disk of each provider holds. */
  readonly diskSectors: number
  readonly params: ChainParamsJson
  readonly costs: Costs
  readonly strategies: readonly StrategyReport[]
  readonly groups: readonly GroupReport[]
  readonly totals: Totals
  /** Messages that the chain refused, by kind and code: what a strategy tried in vain. */
  readonly refused: Readonly<Record<string, number>>
  /** What profits may differ by for no reason, a TiB and period: sectors are proven an hour earlier or later. */
  readonly resolution: bigint
  readonly comparisons: readonly Comparison[]
  /** Any of them. */
  readonly beatsHonest: boolean
}

export interface StrategyReport {
  readonly name: string
  readonly group: StrategyGroup
  readonly does: string
  readonly providers: number
  readonly flows: Flows
  readonly collateralLocked: bigint
  readonly debt: bigint
  /** Of the debt, what nothing is left for: who walks away does not pay it. */
  readonly unpayable: bigint
  /** Minted, and free within the time of vesting. */
  readonly vesting: bigint
  /** What its deals and rewards will pay for spans that are open at the end, if it answers. */
  readonly openSpans: bigint
  readonly costs: RealCosts
  /**
   * Gain on the chain, open spans and what is unpayable, less real costs. Sectors of which nothing is held are terminated at
   * the end. What is locked else, what vests and open spans count in full, though some of it will be lost: that favours
   * those who do not keep their word.
   */
  readonly profit: bigint
  readonly profitPerTiBPeriod: bigint
  /** The luck of the draw, no part of the profit: what its sectors would have earned before their first challenges. */
  readonly waitedFor: bigint
  /** Of a strategy that leaves deals when others pay more: sectors that it left. With none it was honest all along. */
  readonly leftSectors: number | undefined
}

export interface GroupReport {
  readonly name: StrategyGroup | 'clients'
  readonly participants: number
  readonly flows: Flows
  readonly minted: bigint
  readonly burnt: bigint
  /** Gain on the chain, without real costs. */
  readonly gain: bigint
}

export interface Comparison {
  readonly strategy: string
  /**
   * Profit and what was waited for, a TiB and period, less those of honest ones who met the same faults and asked the same
   * prices.
   */
  readonly difference: bigint
  /** It found nothing worth leaving, so the difference is that of two honest ones. */
  readonly hadNoOccasion: boolean
  readonly beatsHonest: boolean
  /** What a TiB of disk would have to cost a month for it to: null when it never would, or is about as good already. */
  readonly breakEvenDiskTiBMonth: bigint | null
}

export interface ReportParts {
  readonly options: Pick<SimReport, 'providers' | 'periods' | 'seed' | 'priceRise'>
  readonly world: World
  readonly seats: readonly Seat[]
  readonly clients: readonly Participant[]
  readonly refused: ReadonlyMap<string, number>
}

export function reportOf({ options, world, seats, clients, refused }: ReportParts): SimReport {
  const { chain, params, costs, diskSectors } = world
  const perTiBPeriod = (amount: bigint, providers: number): bigint => {
    const bytes = BigInt(providers * diskSectors * SECTOR_GIB) * BigInt(2 ** 30)
    return (amount * BigInt(TIB)) / (bytes * BigInt(options.periods))
  }
  const reports = strategies.flatMap((strategy) => {
    const own = seats.filter(({ provider }) => provider.strategy === strategy)
    return own.length === 0 ? [] : [strategyReport(world, strategy, own, perTiBPeriod)]
  })
  const [honest] = reports as [StrategyReport]
  /** Honest ones that met the same faults and asked the same prices as the first `count` of any strategy. */
  const equals = (count: number): StrategyReport =>
    strategyReport(
      world,
      strategies[0]!,
      seats.filter(({ provider }) => provider.strategy === strategies[0] && provider.rank < count),
      perTiBPeriod,
    )
  const income = honest.flows.dealIncome + mintedOf(honest.flows)
  const resolution = perTiBPeriod(income, honest.providers) / RESOLUTION
  const comparisons = reports
    .filter(({ group }) => group !== 'honest')
    .map((report) => compare(report, equals(report.providers), resolution, world, perTiBPeriod))
  return {
    ...options,
    blocks: chain.height,
    blockTimeMs: params.blockTimeMs,
    profile: PROFILE.name,
    diskSectors,
    params: chainParams.toJson(params, 'params'),
    costs,
    strategies: reports,
    groups: groupReports(seats, clients),
    totals: recount(chain.state),
    refused: Object.fromEntries([...refused].sort(([a], [b]) => (a < b ? -1 : 1))),
    resolution,
    comparisons,
    beatsHonest: comparisons.some(({ beatsHonest }) => beatsHonest),
  }
}

type PerTiBPeriod = (amount: bigint, providers: number) => bigint

function strategyReport(
  { chain }: World,
  strategy: Strategy,
  seats: readonly Seat[],
  per: PerTiBPeriod,
): StrategyReport {
  const { name, group, does } = strategy
  const flows = flowsOf(seats.map(({ participant }) => participant))
  const views = seats.map(({ provider }) => providerView(chain.state, provider.id())!)
  const each = seats.map(({ provider }) => provider.realCosts())
  const costs: RealCosts = {
    disk: sum(each.map(({ disk }) => disk)),
    sealing: sum(each.map(({ sealing }) => sealing)),
    recovery: sum(each.map(({ recovery }) => recovery)),
    proofs: sum(each.map(({ proofs }) => proofs)),
  }
  const openSpans = sum(seats.map(({ provider }) => provider.openSpans()))
  const unpayable = sum(views.map(unpayableOf))
  const profit = gainOf(flows) + openSpans + unpayable - sum(Object.values(costs))
  return {
    name,
    group,
    does,
    providers: seats.length,
    flows,
    collateralLocked: sum(views.map(({ collateral }) => BigInt(collateral.locked))),
    debt: sum(views.map(({ collateral }) => BigInt(collateral.debt))),
    unpayable,
    vesting: sum(views.map(vestingOf)),
    openSpans,
    costs,
    profit,
    profitPerTiBPeriod: per(profit, seats.length),
    waitedFor: sum(seats.map(({ provider }) => provider.waitedFor())),
    leftSectors: leftSectorsOf(seats),
  }
}

function leftSectorsOf(seats: readonly Seat[]): number | undefined {
  const left = seats.flatMap(({ provider }) => provider.leftSectors() ?? [])
  return left.length === 0 ? undefined : left.reduce((total, sectors) => total + sectors, 0)
}

function unpayableOf(view: NonNullable<ReturnType<typeof providerView>>): bigint {
  const { free, locked, debt } = view.collateral
  const missing = BigInt(debt) - BigInt(free) - BigInt(locked) - vestingOf(view)
  return missing > 0n ? missing : 0n
}

function compare(
  report: StrategyReport,
  honest: StrategyReport,
  resolution: bigint,
  { costs }: World,
  per: PerTiBPeriod,
): Comparison {
  const comparable = ({ profit, waitedFor, providers }: StrategyReport): bigint => per(profit + waitedFor, providers)
  const difference = comparable(report) - comparable(honest)
  // Profit falls with the price of a disk by what is used of it: the two lines cross at most once.
  const saved = per(honest.costs.disk, honest.providers) - per(report.costs.disk, report.providers)
  const breakEven =
    saved > 0n && difference < -resolution ? costs.diskTiBMonth + (-difference * costs.diskTiBMonth) / saved : null
  const hadNoOccasion = report.leftSectors === 0
  return {
    strategy: report.name,
    difference,
    hadNoOccasion,
    beatsHonest: !hadNoOccasion && difference > resolution,
    breakEvenDiskTiBMonth: breakEven,
  }
}

function groupReports(seats: readonly Seat[], clients: readonly Participant[]): GroupReport[] {
  const names: readonly StrategyGroup[] = ['honest', 'lazy', 'greedy', 'self-dealing']
  const groups = names.map((name) => ({
    name,
    members: seats.filter(({ provider }) => provider.strategy.group === name).map(({ participant }) => participant),
  }))
  return [...groups, { name: 'clients' as const, members: clients }].map(({ name, members }) => {
    const flows = flowsOf(members)
    return {
      name,
      participants: members.length,
      flows,
      minted: mintedOf(flows),
      burnt: burntOf(flows),
      gain: gainOf(flows),
    }
  })
}

function flowsOf(participants: readonly Participant[]): Flows {
  return participants.reduce((total, { flows }) => addFlows(total, flows), noFlows())
}
