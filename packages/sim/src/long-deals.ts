/**
 * Whether it pays to leave a long deal when the price has risen: from which factor of the old price on, when, and by which
 * way out. What vests, what leaving costs and forfeits, and what deals pay are the chain's own functions, at the parameters of
 * production; time is virtual, in steps of a period. All else is in the provider's favour: it leaves right after an answer, a buyer
 * waits for its disk, the new sector earns from its activation, and the price stays until the old deals would have ended.
 */

import {
  creditedVesting,
  cutVesting,
  networkFee,
  productionParams,
  releasedVesting,
  rewardFor,
  serviceReward,
} from '@granary/chain/state'
import { type ChainParams, compensationFor, leavingCosts, type Vesting } from '@granary/protocol/records'
import { COSTS } from './costs.ts'
import { PROFILE } from './simulated-proofs.ts'
import { epochsIn, repairMs, SECTOR_GIB, sealingMs } from './world.ts'

export type Standing = 'established' | 'new'
export type WayOut = 'terminates' | 'declares'

export interface LeavingVariant {
  readonly name: string
  /** Of its sectors, how many it leaves. */
  readonly leaves: number
  /** Days from one to the next, of which it takes the best. */
  readonly spacings: readonly number[]
  /** Sells the disk again under another provider's number, so that nothing new vests under the old one. */
  readonly freshNumber: boolean
  /** Takes out all that is free each day, and pays no debt that is left at the end. */
  readonly walksAway: boolean
  /** Sectors of its own beside those with clients' deals, from the first day on: they earn what they cost. */
  readonly beside: 'nothing' | 'empty sectors' | 'self-deals'
}

export interface LeavingCase {
  readonly days: number
  readonly standing: Standing
  readonly variant: LeavingVariant
}

export interface Exit {
  /** Of the old price, from which on leaving beats staying. */
  readonly factor: number
  /** Since the deals began. */
  readonly day: number
  readonly way: WayOut
  readonly spacing: number
}

export interface LeavingResult extends Omit<LeavingCase, 'variant'> {
  readonly variant: string
  /** The cheapest, without a forfeit and with it. */
  readonly before: Exit
  readonly after: Exit
  /** With it, after a quarter and a half of the time. */
  readonly afterQuarter: Exit
  readonly afterHalf: Exit
}

export interface LeavingReport {
  /** attoGRN a GiB and epoch. */
  readonly price: bigint
  readonly sectors: number
  readonly results: readonly LeavingResult[]
}

export const LEAVING_DAYS: readonly number[] = [45, 90, 180, 365, 1_825]
const STANDINGS: readonly Standing[] = ['established', 'new']
const WAYS: readonly WayOut[] = ['terminates', 'declares']
const SECTORS = 8
/** attoGRN a GiB and epoch: that of the simulated market. */
const PRICE = 1_000_000_000_000n
/** Of a sector an epoch. */
const PAY = PRICE * BigInt(SECTOR_GIB)
/** Before the first halving, at any time of a case. */
const EPOCH = 1
const NEVER = Number.MAX_SAFE_INTEGER
const BPS_ONE = 10_000n
const HISTORY_DAYS = 200
/** Parts of the deals' time at which it is asked what leaving takes. */
const MOMENTS = [0, 0.01, 0.25, 0.5] as const
const DIGITS = 1_000_000n

const one: LeavingVariant = {
  name: 'one sector',
  leaves: 1,
  spacings: [0],
  freshNumber: false,
  walksAway: false,
  beside: 'nothing',
}
const all: LeavingVariant = { ...one, name: 'all at once', leaves: SECTORS }

export const LEAVING_VARIANTS: readonly LeavingVariant[] = [
  one,
  { ...one, name: 'one, diluted by empty sectors', beside: 'empty sectors' },
  { ...one, name: 'one, with self-deals in it and beside', beside: 'self-deals' },
  all,
  { ...all, name: 'all, and sells under a fresh number', freshNumber: true },
  { ...all, name: 'all, and walks away from its debt', freshNumber: true, walksAway: true },
  { ...all, name: 'one after another', spacings: [1, 30] },
  { ...all, name: 'one after another, under a fresh number', spacings: [1, 30], freshNumber: true },
]

/** @param cases @default all of them */
export function simulateLeaving(cases: readonly LeavingCase[] = allLeavingCases()): LeavingReport {
  const params = productionParams()
  const ground: Ground = { params, steady: steadyVesting(params) }
  return { price: PRICE, sectors: SECTORS, results: cases.map((each) => simulateCase(ground, each)) }
}

export function allLeavingCases(): LeavingCase[] {
  return LEAVING_VARIANTS.flatMap((variant) =>
    STANDINGS.flatMap((standing) => LEAVING_DAYS.map((days) => ({ days, standing, variant }))),
  )
}

interface Ground {
  readonly params: ChainParams
  /** What vests for sectors that have been there for long. */
  readonly steady: Vesting
}

interface Plan extends LeavingCase {
  readonly day: number
  readonly way: WayOut
  readonly spacing: number
}

function simulateCase(ground: Ground, given: LeavingCase): LeavingResult {
  const { days, standing, variant } = given
  const free: Ground = { ...ground, params: { ...ground.params, forfeitEpochs: 0 } }
  const nobody = { ...variant, leaves: 0 }
  const stays = play(ground, { ...given, variant: nobody, day: 0, way: 'terminates', spacing: 0 }).wealth

  function exit(on: Ground, plan: Plan): Exit {
    const { wealth, resold } = play(on, plan)
    const factor = resold === 0n ? Number.POSITIVE_INFINITY : ratio(stays - wealth, resold)
    const { day, way, spacing } = plan
    return { factor, day, way, spacing }
  }
  function exits(on: Ground, moment: number): Exit[] {
    const day = Math.floor(moment * days)
    return variant.spacings.flatMap((spacing) => WAYS.map((way) => exit(on, { ...given, day, way, spacing })))
  }
  const [atStart, early, atQuarter, atHalf] = MOMENTS.map((moment) => exits(ground, moment)) as [
    Exit[],
    Exit[],
    Exit[],
    Exit[],
  ]
  return {
    days,
    standing,
    variant: variant.name,
    before: cheapest(MOMENTS.flatMap((moment) => exits(free, moment))),
    after: cheapest([...atStart, ...early, ...atQuarter, ...atHalf]),
    afterQuarter: cheapest(atQuarter),
    afterHalf: cheapest(atHalf),
  }
}

function cheapest(exits: readonly Exit[]): Exit {
  return exits.reduce((best, each) => (each.factor < best.factor ? each : best))
}

/** One with clients' deals. Epochs since the deals began; never: past all of them. */
interface LeavableSector {
  readonly leftAt: number
  readonly terminatedAt: number
  readonly soldAt: number
}

/** @returns what it has at the end without what the new deals pay, and what they would at the old price */
function play({ params, steady }: Ground, plan: Plan): { readonly wealth: bigint; readonly resold: bigint } {
  const { days, standing, variant, way } = plan
  const period = params.provingPeriod
  const end = days * period
  // By then every fault is too old.
  const last = end + params.faultMaxAge + period
  const reward = sectorReward(params)
  const isSelfDealt = variant.beside === 'self-deals'
  const besides = variant.beside === 'nothing' ? 0 : SECTORS
  const terms = {
    // The least that a deal with itself can pay, for as long as one may last.
    pay: PAY + (isSelfDealt ? 1n : 0n),
    dealsEnd: isSelfDealt ? params.dealDurationMax : end,
    expiry: isSelfDealt ? params.dealDurationMax : end,
  }
  const collateral = (PAY * BigInt(end) * BigInt(params.minCollateralShareBps)) / BPS_ONE
  const pledge = params.pledgePerGiB * BigInt(SECTOR_GIB)
  const sectors = sectorsOf(params, plan)
  const old = createLedger(params, standing === 'new' ? undefined : steady, variant.walksAway)
  const fresh = variant.freshNumber ? createLedger(params, undefined, false) : old
  let paid = 0n
  let resold = 0n
  let spent = 0n

  function leave(epoch: number, at: number, { leftAt, terminatedAt }: LeavableSector): void {
    if (epoch === leftAt) {
      spent += COSTS.sealingGiB * BigInt(SECTOR_GIB)
      if (way === 'declares') old.charge(at, (terms.pay + reward) * BigInt(params.declaredFaultFee))
    }
    if (epoch !== terminatedAt) return
    const costs = leavingCosts(params, terms, { since: leftAt, reward })
    // Of a deal that is over before its sector, no more than what the client was not served for.
    spent += terminatedAt < end ? collateral : compensationFor(collateral, PAY * BigInt(end - leftAt))
    old.unlock(at, pledge)
    old.charge(at, costs.fee)
    old.forfeit(at, costs.forfeit)
  }

  // When all who leave have left, nothing depends on the steps any more.
  const leftBy = Math.max(0, ...sectors.map(({ terminatedAt }) => terminatedAt).filter((epoch) => epoch < last))
  for (let from = 0, to = 0; from < last; from = to) {
    to = from > leftBy ? last : from + period
    for (const sector of sectors) leave(from, HISTORY_DAYS * period + from, sector)
    const kept = sum(sectors, ({ leftAt }) => overlap(from, to, 0, leftAt))
    const served = sum(sectors, ({ leftAt }) => overlap(from, to, 0, Math.min(leftAt, end)))
    const anew = sum(sectors, ({ soldAt }) => overlap(from, to, soldAt, last))
    const sold = sum(sectors, ({ soldAt }) => overlap(from, to, soldAt, end))
    const [ofOld, ofNew] = [payOf(params, served), payOf(params, sold)]
    paid += ofOld.net
    resold += ofNew.net
    const at = HISTORY_DAYS * period + to
    old.credit(at, reward * BigInt(kept + besides * (to - from)) + ofOld.service)
    fresh.credit(at, reward * BigInt(anew) + ofNew.service)
    old.withdraw(at)
  }
  const staying = sectors.filter(({ leftAt }) => leftAt >= last).length
  const wealth = old.wealth() + (fresh === old ? 0n : fresh.wealth()) + pledge * BigInt(staying) + paid - spent
  return { wealth, resold }
}

function sectorsOf(params: ChainParams, { days, variant, day, way, spacing }: Plan): LeavableSector[] {
  const end = days * params.provingPeriod
  const idle = epochsIn(params, sealingMs) + epochsIn(params, repairMs)
  return Array.from({ length: SECTORS }, (_, index) => {
    const leftAt = (day + index * spacing) * params.provingPeriod
    if (index >= variant.leaves || leftAt + idle >= end) return { leftAt: NEVER, terminatedAt: NEVER, soldAt: NEVER }
    const terminatedAt = way === 'terminates' ? leftAt : leftAt + params.faultMaxAge
    return { leftAt, terminatedAt, soldAt: leftAt + idle }
  })
}

interface Ledger {
  credit(at: number, amount: bigint): void
  charge(at: number, fee: bigint): void
  unlock(at: number, amount: bigint): void
  forfeit(at: number, amount: bigint): void
  /** What is free and owes nothing: who means to walk away leaves none of it behind. */
  withdraw(at: number): void
  /** What vests counts in full. */
  wealth(): bigint
}

/** One provider's number. Who does not walk away has enough for all that comes. */
function createLedger(params: ChainParams, start: Vesting | undefined, walksAway: boolean): Ledger {
  let vesting = start
  let free = 0n
  let taken = 0n
  let debt = 0n

  function become(amount: bigint): void {
    const repaid = amount < debt ? amount : debt
    debt -= repaid
    free += amount - repaid
  }
  function release(at: number): void {
    if (vesting === undefined) return
    const { kept, released } = releasedVesting(params, vesting, at)
    vesting = kept.locked === 0n ? undefined : kept
    become(released)
  }

  return {
    credit: (at, amount) => {
      release(at)
      if (amount > 0n) vesting = creditedVesting(params, vesting, at, amount)
    },
    charge: (at, fee) => {
      release(at)
      const charged = walksAway && free < fee ? free : fee
      free -= charged
      debt += fee - charged
    },
    unlock: (at, amount) => {
      release(at)
      become(amount)
    },
    forfeit: (at, amount) => {
      release(at)
      if (vesting === undefined || amount === 0n) return
      const { kept } = cutVesting(params, vesting, at, amount)
      vesting = kept.locked === 0n ? undefined : kept
    },
    withdraw: (at) => {
      release(at)
      if (debt > 0n) return
      taken += free
      free = 0n
    },
    wealth: () => {
      const left = free + (vesting?.locked ?? 0n) - debt
      return taken + (left > 0n || !walksAway ? left : 0n)
    },
  }
}

/** Of a provider whose sectors have earned, with deals at the same price, since before the vesting time. */
function steadyVesting(params: ChainParams): Vesting {
  const { service } = payOf(params, SECTORS * params.provingPeriod)
  const amount = sectorReward(params) * BigInt(SECTORS * params.provingPeriod) + service
  const first = creditedVesting(params, undefined, params.provingPeriod, amount)
  return Array.from({ length: HISTORY_DAYS - 1 }, (_, day) => (day + 2) * params.provingPeriod).reduce(
    (vesting, at) => creditedVesting(params, releasedVesting(params, vesting, at).kept, at, amount),
    first,
  )
}

/** For so many epochs of sectors, at the old price. */
function payOf(params: ChainParams, epochs: number): { readonly net: bigint; readonly service: bigint } {
  const gross = PAY * BigInt(epochs)
  const burnt = networkFee(gross, params.networkFeeBps)
  return { net: gross - burnt, service: serviceReward(params, EPOCH, burnt) }
}

function sectorReward(params: ChainParams): bigint {
  return rewardFor(params, { epoch: EPOCH, bytes: BigInt(PROFILE.sectorBytes), power: 0n })
}

function overlap(from: number, to: number, start: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, start))
}

function sum(sectors: readonly LeavableSector[], of: (sector: LeavableSector) => number): number {
  return sectors.reduce((total, each) => total + of(each), 0)
}

function ratio(a: bigint, b: bigint): number {
  return Number((a * DIGITS) / b) / Number(DIGITS)
}
