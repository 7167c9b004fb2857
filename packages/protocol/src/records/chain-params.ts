/** The parameters of a chain: what they are, and how they are encoded. docs/spec/chain.md section 5. */
import { bigUint, bool, epochs, list, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { FeeParams } from '../messages/fee.ts'
import { type ChainProfile, type ChainProfileJson, chainProfile } from './chain-profile.ts'

/** Where the state has them, as they are. */
export const PARAMS_KEY = 'params'
const PROFILES_MAX = 16

export interface ChainParams extends FeeParams {
  readonly blockTimeMs: number
  /** Profiles that prove nothing about the world are for devnets and tests. */
  readonly allowInsecure: boolean
  /** Epochs, and at the same time the number of slots. */
  readonly provingPeriod: number
  readonly partitionSectorsMax: number
  readonly slotPartitionsMax: number
  readonly postSamples: number
  /** Sectors of any other are refused. */
  readonly profiles: readonly ChainProfile[]
  readonly ticketMaxAge: number
  readonly seedDelay: number
  readonly commitExpiry: number
  readonly cutoff: number
  /** Header time between what must not know a draw and the draw: the clocks' tolerance and a period of the beacon. */
  readonly seedMarginMs: number
  /** Header time after which an epoch whose round has not come is given up. */
  readonly beaconLatenessMs: number
  /** How far ahead of the newest round on the chain a header's time may be. */
  readonly clockLeadMs: number
  /** Requests to recover that are drawn an epoch. */
  readonly recoveriesPerEpoch: number
  /** Epochs within which the fault of a sector is repaired and a deal that its client left for it has no claim. */
  readonly faultGrace: number
  /** Epochs after which a faulty sector is terminated. */
  readonly faultMaxAge: number
  /** Fees for a declared fault, a missed proof and a termination, in epochs of what the sector earns. */
  readonly declaredFaultFee: number
  readonly missedProofFee: number
  readonly terminationFee: number
  /** What an answer skips costs this many times what it saves, in expectation, at any number of sectors. */
  readonly skipFactor: number
  /** Periods in which the least income that a miss or a skip is counted in adds up to the pledge. */
  readonly skipFloorPeriods: number
  readonly dealDurationMin: number
  readonly dealDurationMax: number
  readonly activateWithinMin: number
  /** Burnt for a record that stays for ever: an account's; ten times as much for a provider's, a fifth for a deal's. */
  readonly accountFee: bigint
  readonly networkFeeBps: number
  /** Of the price of what a client cancels, to the provider. */
  readonly cancelShareBps: number
  readonly minCollateralShareBps: number
  readonly pledgePerGiB: bigint
  readonly preCommitDepositPerGiB: bigint
  readonly partitionDeposit: bigint
  /** Minted an epoch at the design size and beyond, before the first halving. */
  readonly capacityReward: bigint
  /** Bytes of proven sectors below which the network mints in proportion to what it has. */
  readonly designPower: bigint
  /** Epochs after which the rewards are halved, again and again. */
  readonly rewardHalving: number
  /** Epochs over which what was minted becomes usable. */
  readonly vesting: number
  /** Epochs of reward that who leaves a deal forfeits of what still vests, at most. */
  readonly forfeitEpochs: number
  /** Of the network fee of a payment, minted for the provider. */
  readonly serviceShareBps: number
  /** Validators that the engine runs with, at most. */
  readonly validatorsMax: number
  readonly validatorBondMin: bigint
  /** Epochs for which a bond that leaves can still be slashed. */
  readonly unbonding: number
  /** Epochs of which a validator votes for half at least, or is jailed. */
  readonly livenessWindow: number
  /** Epochs for which who was silent stays away. */
  readonly jailTime: number
  /** Of the bond, burnt for two votes at one height. */
  readonly doubleSignSlashBps: number
  readonly blockBytes: number
  readonly blockVerifyUnits: number
}

export type FeeParamsJson = Readonly<Record<keyof FeeParams, string>>

export type ChainParamsJson = Readonly<
  Record<Exclude<keyof ChainParams, 'profiles' | 'allowInsecure'>, string | number>
> & { readonly profiles: readonly ChainProfileJson[]; readonly allowInsecure: boolean }

const feeFields = { feeBase: bigUint(128), feeByte: bigUint(128), feeUnit: bigUint(128), feeProving: bigUint(128) }

/** What messages cost, by itself: as it stands at a height. */
export const feeParams: Struct<FeeParams, FeeParamsJson> = struct<FeeParams, FeeParamsJson>('FeeParams', feeFields)

export const chainParams: Struct<ChainParams, ChainParamsJson> = struct<ChainParams, ChainParamsJson>('ChainParams', {
  ...feeFields,
  blockTimeMs: uint(32),
  allowInsecure: bool,
  provingPeriod: epochs,
  partitionSectorsMax: uint(32),
  slotPartitionsMax: uint(32),
  postSamples: uint(32),
  profiles: list(chainProfile, { max: PROFILES_MAX }),
  ticketMaxAge: epochs,
  seedDelay: epochs,
  commitExpiry: epochs,
  cutoff: epochs,
  seedMarginMs: uint(32),
  beaconLatenessMs: uint(32),
  clockLeadMs: uint(32),
  recoveriesPerEpoch: uint(16),
  faultGrace: epochs,
  faultMaxAge: epochs,
  declaredFaultFee: epochs,
  missedProofFee: epochs,
  terminationFee: epochs,
  skipFactor: uint(16),
  skipFloorPeriods: uint(16),
  dealDurationMin: epochs,
  dealDurationMax: epochs,
  activateWithinMin: epochs,
  accountFee: bigUint(128),
  networkFeeBps: uint(16),
  cancelShareBps: uint(16),
  minCollateralShareBps: uint(16),
  pledgePerGiB: bigUint(128),
  preCommitDepositPerGiB: bigUint(128),
  partitionDeposit: bigUint(128),
  capacityReward: bigUint(128),
  designPower: bigUint(128),
  rewardHalving: epochs,
  vesting: epochs,
  forfeitEpochs: epochs,
  serviceShareBps: uint(16),
  validatorsMax: uint(16),
  validatorBondMin: bigUint(128),
  unbonding: epochs,
  livenessWindow: epochs,
  jailTime: epochs,
  doubleSignSlashBps: uint(16),
  blockBytes: uint(32),
  blockVerifyUnits: uint(32),
})
