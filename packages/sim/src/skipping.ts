/**
 * Strategies that skip what is sampled: a provider that lacks a share of its sectors, or of the bytes of each, answers every
 * challenge and skips what it cannot open, as many as it may; if that is too much it misses. Too many sectors for whole
 * markets: a Monte Carlo over one partition, with the samples, the limits and the fees of the chain's own code. All else is
 * in the provider's favour: what was found is whole again at once and at no cost, and missing again right after.
 */
import {
  skipFee as chainSkipFee,
  type FrozenIncome,
  missFee,
  productionParams,
  rewardFor,
  uncoveredOf,
} from '@granary/chain/state'
import { areSkips, drawSamples } from '@granary/proofs/verify'
import { COSTS } from './costs.ts'
import { createRandom, type Random } from './random.ts'
import { PROFILE } from './simulated-proofs.ts'
import { TIB } from './world.ts'

export type SkipSituation = 'equal sectors' | 'one rich sector' | 'after four halvings' | 'in debt'
export type Lacking = 'sectors' | 'bytes'

export interface SkipCase {
  readonly situation: SkipSituation
  readonly sectors: number
  /** `sectors`: whole ones, the poorest, one at least. `bytes`: of each sector. */
  readonly lacks: Lacking
  readonly share: number
}

export interface SkipResult extends SkipCase {
  /** attoGRN a period, means. */
  readonly saved: bigint
  readonly lost: bigint
  /** Of all challenges: with at least one skip, and missed. */
  readonly skippedShare: number
  readonly missedShare: number
  readonly loses: boolean
  /** What a TiB of disk would have to cost a month for it to pay. */
  readonly breakEvenDiskTiBMonth: bigint
}

export interface SkippingReport {
  readonly periods: number
  readonly seed: number
  readonly diskTiBMonth: bigint
  readonly results: readonly SkipResult[]
  readonly allLose: boolean
}

export const SKIP_SITUATIONS: readonly SkipSituation[] = [
  'equal sectors',
  'one rich sector',
  'after four halvings',
  'in debt',
]
const SKIP_SECTORS: readonly number[] = [1, 10, 160, 2_048]
const SKIP_SHARES: readonly number[] = [0.001, 0.01, 0.1, 0.5]
const PERIODS = 200
const RICH = 1_000n
const DAYS_A_MONTH = 30n
/** A debt of as much as vests: that of 90 days, with a steady income. */
const VESTING_DAYS = 90n

const params = productionParams()
const sectorBytes = PROFILE.sectorBytes
const rewardAt = (epoch: number): bigint => rewardFor(params, { epoch, bytes: BigInt(sectorBytes), power: 0n })

/** @param cases @default all of them */
export function simulateSkipping({
  seed,
  periods = PERIODS,
  cases = allCases(),
}: {
  readonly seed: number
  readonly periods?: number
  readonly cases?: readonly SkipCase[]
}): SkippingReport {
  const results = cases.map((each) => simulateCase(each, periods, seed))
  return { periods, seed, diskTiBMonth: COSTS.diskTiBMonth, results, allLose: results.every(({ loses }) => loses) }
}

function allCases(): SkipCase[] {
  const lacks: readonly Lacking[] = ['sectors', 'bytes']
  return SKIP_SITUATIONS.flatMap((situation) =>
    SKIP_SECTORS.flatMap((sectors) =>
      lacks.flatMap((kind) => SKIP_SHARES.map((share) => ({ situation, sectors, lacks: kind, share }))),
    ),
  )
}

function simulateCase(given: SkipCase, periods: number, seed: number): SkipResult {
  const { situation, sectors, lacks, share } = given
  const random = createRandom(seed, `skips ${situation} ${sectors} ${lacks} ${share}`)
  const income = rewardAt(situation === 'after four halvings' ? 4 * params.rewardHalving : 1)
  const incomes = Array<bigint>(sectors).fill(income)
  if (situation === 'one rich sector') incomes[0] = income * RICH
  const list: FrozenIncome = { sectorBytes, incomes }
  const gone = Math.max(1, Math.round(share * sectors))
  const isHeld = (position: number, leaf: number): boolean =>
    lacks === 'sectors' ? position < sectors - gone : leaf < Math.floor(PROFILE.nodes * (1 - share))
  const bytes = lacks === 'sectors' ? gone * sectorBytes : Math.round(sectors * share * sectorBytes)
  const diskPeriods = (BigInt(bytes) * BigInt(periods)) / DAYS_A_MONTH
  const saved = (diskPeriods * COSTS.diskTiBMonth) / BigInt(TIB)

  const ledger = createLedger(list, situation === 'in debt')
  const drawn = drawEpochs(random, periods)
  for (const epoch of drawn) {
    const challenge = { profile: PROFILE, provider: 1_000, partition: 0, count: params.postSamples }
    const samples = { ...challenge, randomness: random.bytes32() }
    const skipped = drawSamples(samples, sectors)
      .filter(({ position, leaves }) => !leaves.every((leaf) => isHeld(position, leaf)))
      .map(({ position }) => position)
    ledger.close(epoch, skipped, areSkips(samples, sectors, skipped))
  }
  const { lost, skips, misses } = ledger.end(periods * params.provingPeriod)
  return {
    ...given,
    saved: saved / BigInt(periods),
    lost: lost / BigInt(periods),
    skippedShare: skips / drawn.length,
    missedShare: misses / drawn.length,
    loses: lost > saved,
    breakEvenDiskTiBMonth: (lost * BigInt(TIB)) / diskPeriods,
  }
}

/** Slots are drawn once a period for certain, and once more by chance. */
function drawEpochs(random: Random, periods: number): number[] {
  const { provingPeriod } = params
  const epochs = Array.from({ length: 2 * periods }, (_, index) => {
    return index < periods
      ? index * provingPeriod + random.between(0, provingPeriod - 1)
      : random.between(0, periods * provingPeriod - 1)
  })
  return epochs.toSorted((a, b) => a - b)
}

interface Ledger {
  /** A challenge of that epoch, with what cannot be opened. */
  close(epoch: number, skipped: readonly number[], areTaken: boolean): void
  /** @returns what it has less than one that keeps everything and began with the same */
  end(epoch: number): { readonly lost: bigint; readonly skips: number; readonly misses: number }
}

/** What the income becomes: credited by answers, forfeited by skips and misses, less fees; a debt is left behind at the end. */
function createLedger(list: FrozenIncome, inDebt: boolean): Ledger {
  const total = list.incomes.reduce((sum, each) => sum + each, 0n)
  const owed = inDebt ? total * BigInt(params.provingPeriod) * VESTING_DAYS : 0n
  // Who is not in debt has enough for all that comes: nothing is left unpaid in its favour.
  const cover = { collateralFree: inDebt ? 0n : 10n ** 36n, vesting: owed, debt: owed }
  const wealthAtStart = cover.collateralFree + cover.vesting - cover.debt
  let answeredAt = 0
  let skips = 0
  let misses = 0

  function charge(fee: bigint): void {
    const paid = fee < cover.collateralFree ? fee : cover.collateralFree
    cover.collateralFree -= paid
    cover.debt += fee - paid
  }

  return {
    close: (epoch, skipped, areTaken) => {
      const epochs = BigInt(epoch - answeredAt)
      answeredAt = epoch
      const fee = skipped.length === 0 || !areTaken ? 0n : chainSkipFee(params, list, skipped)
      if (!areTaken || (skipped.length > 0 && uncoveredOf(cover, fee) > 0n)) {
        misses += 1
        charge(missFee(params, list))
        return
      }
      if (skipped.length > 0) skips += 1
      charge(fee)
      const left = skipped.reduce((sum, position) => sum + list.incomes[position]!, 0n)
      cover.vesting += (total - left) * epochs
    },
    end: (epoch) => {
      const honest = total * BigInt(Math.min(epoch, answeredAt))
      const wealth = cover.collateralFree + cover.vesting - cover.debt
      // Who owes more than it has walks away from the rest.
      return { lost: wealthAtStart + honest - (wealth > 0n ? wealth : 0n), skips, misses }
    },
  }
}
