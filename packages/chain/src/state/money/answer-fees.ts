/**
 * The fees for an answer that is not given, and for the sectors that an answer skips. Both are multiples of what the frozen
 * list earns an epoch, whatever was declared, terminated or cancelled since it was frozen. Below that income lies a floor
 * of a hundredth of the pledge a period, which neither halvings nor the network's size move: dropping a sector that earns
 * little therefore always costs more than the disk that it frees. docs/spec/chain.md section 3.
 */

import type { ChainParams, Member, Partition } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import { greater } from './greater.ts'
import { lesser } from './lesser.ts'
import { rewardPerEpoch, sectorBytesOf } from './rewards.ts'
import { perGiB } from './shares.ts'

export type AnswerFeeParams = Pick<
  ChainParams,
  'provingPeriod' | 'postSamples' | 'missedProofFee' | 'skipFactor' | 'skipFloorPeriods' | 'pledgePerGiB'
>

export interface FrozenIncome {
  /** Of each sector. */
  readonly sectorBytes: number
  /** Of each sector an epoch, in the order of the list. */
  readonly incomes: readonly bigint[]
}

/** What the list earns: its deals' pay as the list has it, and the reward of this block. */
export function frozenIncome(
  context: BlockContext,
  partition: Pick<Partition, 'profile'>,
  list: readonly Pick<Member, 'pay'>[],
): FrozenIncome {
  const sectorBytes = sectorBytesOf(partition)
  const reward = rewardPerEpoch(context, sectorBytes)
  return { sectorBytes, incomes: list.map(({ pay }) => pay + reward) }
}

/** The fee of a challenge that was missed, or of a recovery that was. */
export function missFee(params: AnswerFeeParams, list: FrozenIncome): bigint {
  return BigInt(params.missedProofFee) * flooredIncome(params, list)
}

/**
 * The fee of all skips of an answer together. A sector of which a share g is gone is sampled with at least g · k / (N + k)
 * for N sectors and k samples, so that what is gone costs `skipFactor` · g periods of the mean income at any N. Each skip
 * costs at least as much as its sector's part of a miss, and all of them at most as much as the miss.
 */
export function skipFee(params: AnswerFeeParams, list: FrozenIncome, skipped: readonly number[]): bigint {
  const [sectors, samples] = [BigInt(list.incomes.length), BigInt(params.postSamples)]
  const periods = BigInt(params.skipFactor * params.provingPeriod) * (sectors + samples)
  const divisor = 2n * samples * sectors
  const mean = (periods * flooredIncome(params, list) + divisor - 1n) / divisor
  const fees = skipped.map((position) => greater(BigInt(params.missedProofFee) * list.incomes[position]!, mean))
  return lesser(
    fees.reduce((sum, fee) => sum + fee, 0n),
    missFee(params, list),
  )
}

export interface Cover {
  readonly collateralFree: bigint
  readonly vesting: bigint
  readonly debt: bigint
}

/** What a fee would leave as a debt beyond what still vests: above zero, the skips it is for are refused. */
export function uncoveredOf({ collateralFree, vesting, debt }: Cover, fee: bigint): bigint {
  return fee + debt - collateralFree - vesting
}

/** What the whole list earns an epoch, but at least the floor for each of its sectors. */
function flooredIncome(params: AnswerFeeParams, { sectorBytes, incomes }: FrozenIncome): bigint {
  const periods = BigInt(params.skipFloorPeriods * params.provingPeriod)
  const floor = (perGiB(params.pledgePerGiB, sectorBytes) + periods - 1n) / periods
  const income = incomes.reduce((sum, each) => sum + each, 0n)
  return greater(income, floor * BigInt(incomes.length))
}
