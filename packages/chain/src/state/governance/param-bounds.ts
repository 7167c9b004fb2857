/**
 * The bounds of each parameter, whoever sets it: a genesis today, a vote later. The reasons stand in
 * docs/economics.md. A response window has a bound of its own: 0.2 of the least time in which a replica of its profile can
 * be made (docs/spec/proofs.md section 10), at least the epochs in which an answer can be made and sent, and 2²⁰ epochs.
 */
import { profileNamed } from '@granary/proofs/profile'
import type { ChainParams, ChainProfile } from '@granary/protocol/records'
import { BPS_ONE } from '../money/shares.ts'
import {
  answerTimeMaxMs,
  DRAW_TIME_MIN_MS,
  leavesTimeToAnswer,
  RESPONSE_WINDOW_MAX,
  RESPONSE_WINDOW_MIN,
} from '../proving/response-window.ts'
import { answersDemand, sealDemand } from './block-demand.ts'

type Bounded = Exclude<keyof ChainParams, 'allowInsecure' | 'profiles'>
export interface Bound {
  readonly min: bigint
  readonly max: bigint
}

const GRN = 10n ** 18n
const EPOCHS_MAX = 2n ** 32n
const HOUR_MS = 3_600_000n
/** How far the time of a header may be from the true one: what the engine allows the clock of a machine. */
const CLOCK_TOLERANCE_MS = 10_000
/** How late a round may come at least, beside the two blocks that it may take to bring it. */
const BEACON_LATENESS_MIN_MS = 5_000
/** Light clients trust a block for 32 hours: two thirds of four fifths of it. */
const UNBONDING_MIN_MS = 60 * 3_600_000

export const paramBounds: { readonly [K in Bounded]: Bound } = {
  // What is offered is measured by the fee of a message, so none is free.
  feeBase: { min: 1n, max: GRN },
  feeByte: { min: 0n, max: GRN / 1_000n },
  feeUnit: { min: 0n, max: GRN / 1_000n },
  feeProving: { min: 1n, max: GRN },
  blockTimeMs: { min: 10n, max: 60_000n },
  // Each slot has its records, and each period all of them are challenged.
  provingPeriod: { min: 1n, max: 2n ** 20n },
  // The work of one answer, of one recovery and of one missed challenge.
  partitionSectorsMax: { min: 1n, max: 2_048n },
  slotPartitionsMax: { min: 1n, max: 64n },
  postSamples: { min: 1n, max: 200n },
  ticketMaxAge: { min: 1n, max: EPOCHS_MAX },
  seedDelay: { min: 1n, max: 10_000n },
  commitExpiry: { min: 1n, max: EPOCHS_MAX },
  cutoff: { min: 1n, max: 10_000n },
  seedMarginMs: { min: 0n, max: HOUR_MS },
  beaconLatenessMs: { min: 1n, max: 24n * HOUR_MS },
  clockLeadMs: { min: 60_000n, max: HOUR_MS },
  recoveriesPerEpoch: { min: 1n, max: 16n },
  faultGrace: { min: 1n, max: EPOCHS_MAX },
  faultMaxAge: { min: 1n, max: EPOCHS_MAX },
  declaredFaultFee: { min: 0n, max: EPOCHS_MAX },
  missedProofFee: { min: 0n, max: EPOCHS_MAX },
  terminationFee: { min: 0n, max: EPOCHS_MAX },
  // With a smaller factor it would pay to drop sectors and skip them; with a larger one a rotten sector would cost its
  // provider all that it has.
  skipFactor: { min: 2n, max: 100n },
  skipFloorPeriods: { min: 1n, max: 1_000n },
  dealDurationMin: { min: 1n, max: EPOCHS_MAX },
  dealDurationMax: { min: 1n, max: EPOCHS_MAX },
  activateWithinMin: { min: 1n, max: EPOCHS_MAX },
  accountFee: { min: 0n, max: GRN },
  networkFeeBps: { min: 0n, max: BigInt(BPS_ONE) / 2n },
  cancelShareBps: { min: 0n, max: BigInt(BPS_ONE) },
  minCollateralShareBps: { min: 0n, max: BigInt(BPS_ONE) },
  pledgePerGiB: { min: 0n, max: 1_000n * GRN },
  preCommitDepositPerGiB: { min: 0n, max: 1_000n * GRN },
  partitionDeposit: { min: 0n, max: 1_000n * GRN },
  // With all of these at their bounds the index of rewards and what is computed with it stay below 2²⁵⁶.
  capacityReward: { min: 0n, max: 1_000_000n * GRN },
  designPower: { min: 2n ** 10n, max: 2n ** 70n },
  rewardHalving: { min: 1n, max: EPOCHS_MAX },
  vesting: { min: 1n, max: EPOCHS_MAX },
  forfeitEpochs: { min: 0n, max: EPOCHS_MAX },
  // Less than all of the fee, so that a provider that pays itself loses.
  serviceShareBps: { min: 0n, max: (9n * BigInt(BPS_ONE)) / 10n },
  // As many as a genesis may name, and a header of CometBFT is verified with.
  validatorsMax: { min: 1n, max: 128n },
  // A tenth of it is the unit of power.
  validatorBondMin: { min: 10n, max: 10n ** 9n * GRN },
  unbonding: { min: 5n, max: EPOCHS_MAX },
  livenessWindow: { min: 2n, max: EPOCHS_MAX },
  jailTime: { min: 1n, max: EPOCHS_MAX },
  doubleSignSlashBps: { min: 1n, max: BigInt(BPS_ONE) },
  // A proof of replication must fit into the half of a block that is not kept for answers.
  blockBytes: { min: 2n ** 20n, max: 64n * 2n ** 20n },
  blockVerifyUnits: { min: 1_000n, max: 30_000_000n },
}

/** What is wrong with these parameters, in words; undefined when nothing is. */
export function faultOfParams(params: ChainParams): string | undefined {
  for (const [name, { min, max }] of Object.entries(paramBounds)) {
    const value = BigInt(params[name as Bounded])
    if (value < min || value > max) return `${name} is ${value}, it lies between ${min} and ${max}`
  }
  if (params.profiles.length === 0) return 'it lists no profile, so that nobody could store anything'
  for (const listed of params.profiles) {
    const fault = faultOfWindow(listed, params.blockTimeMs)
    if (fault !== undefined) return fault
  }
  if (new Set(params.profiles.map(({ name }) => name)).size !== params.profiles.length)
    return 'a profile stands there twice'
  if (params.clockLeadMs < 4 * params.blockTimeMs) return 'clockLeadMs is at least four block times'
  if (params.faultGrace >= params.faultMaxAge) return 'a fault that is too old is still in its grace'
  if (params.forfeitEpochs > params.vesting)
    return 'more would be forfeited than a provider of steady income has vesting'
  if (params.dealDurationMin > params.dealDurationMax) return 'the shortest deal is longer than the longest'
  const { declaredFaultFee, missedProofFee, terminationFee } = params
  // Who knows of a fault should say so, and who cannot prove should not do better by leaving.
  if (declaredFaultFee > missedProofFee || missedProofFee > terminationFee) {
    return 'a declared fault costs at most as much as a missed proof, and that as a termination'
  }
  return faultOfBlock(params)
}

/** Right answers must get in whoever else sends what; and general messages keep room beside a proof of replication. */
function faultOfBlock(params: ChainParams): string | undefined {
  const { blockBytes, blockVerifyUnits } = params
  const answers = answersDemand(params)
  if (4 * answers.bytes > 3 * blockBytes || 4 * answers.units > 3 * blockVerifyUnits) {
    return `the answers of one epoch take ${answers.bytes} bytes and ${answers.units} units, more than three quarters of a block`
  }
  const seal = sealDemand(params)
  if (4 * seal.bytes > blockBytes || 4 * seal.units > blockVerifyUnits) {
    return `half of a block does not hold two proofs of replication of ${seal.bytes} bytes and ${seal.units} units`
  }
  return undefined
}

/**
 * What must hold as well on a chain where nobody has to be trusted: nobody can commit to something knowing what it will be
 * asked, and honest answers have the time that they need. A devnet, which signs its own rounds, is not held to it.
 * @returns what is wrong, in words; undefined when nothing is
 */
export function faultOfTimes(params: ChainParams, beaconPeriodMs: number): string | undefined {
  const { blockTimeMs, provingPeriod, seedMarginMs, beaconLatenessMs } = params
  for (const name of ['seedDelay', 'cutoff'] as const) {
    if ((params[name] - 1) * blockTimeMs >= DRAW_TIME_MIN_MS) continue
    return `${name} is ${params[name]} epochs of ${blockTimeMs} ms, all but one must last ${DRAW_TIME_MIN_MS} ms`
  }
  const marginMin = CLOCK_TOLERANCE_MS + beaconPeriodMs
  if (seedMarginMs < marginMin) return `seedMarginMs is ${seedMarginMs}, it is at least ${marginMin}`
  const [lateMin, lateMax] = [BEACON_LATENESS_MIN_MS + 2 * blockTimeMs, (provingPeriod * blockTimeMs) / 10]
  if (beaconLatenessMs < lateMin || beaconLatenessMs > lateMax) {
    return `beaconLatenessMs is ${beaconLatenessMs}, it lies between ${lateMin} and ${lateMax}`
  }
  if (params.unbonding * blockTimeMs < UNBONDING_MIN_MS)
    return `unbonding is ${params.unbonding} epochs of ${blockTimeMs} ms, they last ${UNBONDING_MIN_MS} ms at least`
  const hurried = params.profiles.find(({ name }) => !leavesTimeToAnswer(profileNamed(name), blockTimeMs))
  if (hurried === undefined) return undefined
  return `blocks of ${blockTimeMs} ms leave no time to answer a challenge of ${hurried.name}`
}

function faultOfWindow({ name, responseWindow: window }: ChainProfile, blockTimeMs: number): string | undefined {
  if (window < RESPONSE_WINDOW_MIN || window > RESPONSE_WINDOW_MAX) {
    return `the response window of ${name} is ${window}, it lies between ${RESPONSE_WINDOW_MIN} and ${RESPONSE_WINDOW_MAX} epochs`
  }
  const maxMs = answerTimeMaxMs(profileNamed(name))
  if (maxMs === undefined || window * blockTimeMs <= maxMs) return undefined
  return `the response window of ${name} is ${window * blockTimeMs} ms, a replica could be made anew after ${maxMs} ms`
}
