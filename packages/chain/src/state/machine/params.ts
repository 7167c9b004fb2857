/**
 * What parameters chains begin with. Durations are given in time here and become epochs by the
 * block time. docs/spec/chain.md section 5.
 */
import { profileNamed, profiles } from '@granary/proofs/profile'
import { type ChainParams, type ChainProfile, chainProfileOf } from '@granary/protocol/records'
import { GIB } from '../money/shares.ts'
import { DRAW_TIME_MIN_MS, leavesTimeToAnswer, RESPONSE_WINDOW_MIN } from '../proving/response-window.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS
const YEAR_MS = 365 * DAY_MS
const GRN = 10n ** 18n
/** Four fifths of it are the time in which a double vote is punished, and two thirds of those a light client's trust. */
const UNBONDING_MS = 60 * 60 * MINUTE_MS
/** Periods in which a GiB earns its pledge, at the design size. */
const PLEDGE_PERIODS = 20
const HALVING_PERIODS = 4 * 365

const common = {
  accountFee: GRN / 1_000n,
  networkFeeBps: 500,
  cancelShareBps: 1_000,
  minCollateralShareBps: 2_000,
  serviceShareBps: 5_000,
  skipFactor: 2,
  skipFloorPeriods: 100,
  clockLeadMs: 10 * MINUTE_MS,
  validatorsMax: 100,
  doubleSignSlashBps: 500,
  blockBytes: 10 * 2 ** 20,
  // One unit is about 1 µs of one core.
  blockVerifyUnits: 1_500_000,
} as const

export function devnetParams(blockTimeMs = 500): ChainParams {
  const epochsIn = epochsOf(blockTimeMs)
  return {
    ...common,
    blockTimeMs,
    beaconLatenessMs: beaconLateness(blockTimeMs),
    allowInsecure: true,
    feeBase: GRN / 100_000n,
    feeByte: GRN / 100_000_000n,
    feeUnit: GRN / 100_000_000n,
    feeProving: GRN / 10_000n,
    provingPeriod: epochsIn(30 * SECOND_MS),
    partitionSectorsMax: 256,
    slotPartitionsMax: 16,
    postSamples: 20,
    profiles: devnetProfiles(epochsIn),
    ticketMaxAge: epochsIn(20 * MINUTE_MS),
    seedDelay: epochsIn(1.5 * SECOND_MS),
    commitExpiry: epochsIn(40 * MINUTE_MS),
    cutoff: epochsIn(SECOND_MS),
    // The local key signs any round at once, so that no time proves that a round was unknown.
    seedMarginMs: 0,
    recoveriesPerEpoch: 4,
    faultGrace: epochsIn(30 * SECOND_MS),
    faultMaxAge: 3 * epochsIn(30 * SECOND_MS),
    ...faultFees(epochsIn(30 * SECOND_MS)),
    dealDurationMin: epochsIn(30 * SECOND_MS),
    dealDurationMax: epochsIn(YEAR_MS),
    activateWithinMin: epochsIn(3 * SECOND_MS),
    ...pledges(GRN / 100n, { provingPeriod: epochsIn(30 * SECOND_MS), designPower: 2n ** 40n }),
    partitionDeposit: GRN / 1_000n,
    validatorBondMin: 10n * GRN,
    unbonding: epochsIn(UNBONDING_MS),
    livenessWindow: epochsIn(MINUTE_MS),
    jailTime: epochsIn(10 * SECOND_MS),
    ...vestings(epochsIn(5 * MINUTE_MS)),
  }
}

export function productionParams(blockTimeMs = 5_000): ChainParams {
  const epochsIn = epochsOf(blockTimeMs)
  return {
    ...common,
    blockTimeMs,
    beaconLatenessMs: beaconLateness(blockTimeMs),
    allowInsecure: false,
    feeBase: GRN / 100_000n,
    feeByte: GRN / 100_000_000n,
    feeUnit: GRN / 100_000_000n,
    feeProving: GRN / 10_000n,
    provingPeriod: epochsIn(DAY_MS),
    partitionSectorsMax: 2_048,
    slotPartitionsMax: 4,
    postSamples: 80,
    profiles: openProfiles(epochsIn, blockTimeMs),
    ticketMaxAge: epochsIn(DAY_MS),
    seedDelay: drawDelay(blockTimeMs),
    commitExpiry: epochsIn(2 * DAY_MS),
    cutoff: drawDelay(blockTimeMs),
    seedMarginMs: 15 * SECOND_MS,
    recoveriesPerEpoch: 2,
    faultGrace: 3 * epochsIn(DAY_MS),
    faultMaxAge: 42 * epochsIn(DAY_MS),
    ...faultFees(epochsIn(DAY_MS)),
    dealDurationMin: epochsIn(30 * DAY_MS),
    dealDurationMax: epochsIn(5 * YEAR_MS),
    activateWithinMin: epochsIn(DAY_MS),
    ...pledges(GRN / 2n, { provingPeriod: epochsIn(DAY_MS), designPower: 2n ** 60n }),
    partitionDeposit: GRN / 2n,
    validatorBondMin: 10_000n * GRN,
    unbonding: epochsIn(UNBONDING_MS),
    livenessWindow: epochsIn(60 * MINUTE_MS),
    jailTime: epochsIn(10 * MINUTE_MS),
    ...vestings(epochsIn(180 * DAY_MS)),
  }
}

/** What may be forfeited is half of the vesting time: of a provider with steady income so much is vesting at any time. */
function vestings(vesting: number): Pick<ChainParams, 'vesting' | 'forfeitEpochs'> {
  return { vesting, forfeitEpochs: Math.floor(vesting / 2) }
}

/** Half a proving period, two, and twenty; in production a period is a day. */
function faultFees(provingPeriod: number): Pick<ChainParams, 'declaredFaultFee' | 'missedProofFee' | 'terminationFee'> {
  return {
    declaredFaultFee: Math.ceil(provingPeriod / 2),
    missedProofFee: 2 * provingPeriod,
    terminationFee: 20 * provingPeriod,
  }
}

/**
 * The reward follows from the pledge, so that a pledge is earned in the same number of periods whatever both of them are.
 */
function pledges(
  perGiB: bigint,
  { provingPeriod, designPower }: { readonly provingPeriod: number; readonly designPower: bigint },
): Pick<ChainParams, 'pledgePerGiB' | 'preCommitDepositPerGiB' | 'capacityReward' | 'designPower' | 'rewardHalving'> {
  return {
    pledgePerGiB: perGiB,
    preCommitDepositPerGiB: perGiB,
    capacityReward: (perGiB * designPower) / GIB / BigInt(PLEDGE_PERIODS * provingPeriod),
    designPower,
    rewardHalving: HALVING_PERIODS * provingPeriod,
  }
}

/** A minute, but never so few blocks that a round is public before the block is made that must not know it. */
function drawDelay(blockTimeMs: number): number {
  return Math.max(Math.floor(MINUTE_MS / blockTimeMs), 1 + Math.ceil(DRAW_TIME_MIN_MS / blockTimeMs))
}

/** With the times that they are declared with. */
function devnetProfiles(epochsIn: (ms: number) => number): ChainProfile[] {
  return Object.values(profiles).flatMap((profile) => {
    if (profile.listedBy === 'none') return []
    const window = epochsIn(profile.responseMs)
    if (profile.insecure) return [chainProfileOf(profile, Math.max(RESPONSE_WINDOW_MIN, window))]
    // A secure one whose window has too few blocks for an answer is left out: a longer window would prove nothing.
    return window < RESPONSE_WINDOW_MIN ? [] : [chainProfileOf(profile, window)]
  })
}

/** Of a chain that anybody may trust. */
function openProfiles(epochsIn: (ms: number) => number, blockTimeMs: number): ChainProfile[] {
  return devnetProfiles(epochsIn).filter(({ name }) => {
    const profile = profileNamed(name)
    return profile.listedBy === 'all' && leavesTimeToAnswer(profile, blockTimeMs)
  })
}

function beaconLateness(blockTimeMs: number): number {
  return 10 * SECOND_MS + 2 * blockTimeMs
}

function epochsOf(blockTimeMs: number): (durationMs: number) => number {
  return (durationMs) => Math.max(1, Math.floor(durationMs / blockTimeMs))
}
