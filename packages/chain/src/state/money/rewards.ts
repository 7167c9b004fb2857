/**
 * What is minted. The capacity stream mints an amount an epoch and shares it among all proven bytes: an index grows by what
 * one byte earns an epoch, and a partition remembers where the index stood when it was last proven, so that nothing is
 * written for the partitions that wait. What was not proven is never minted. docs/spec/chain.md section 4.
 */
import { profileNamed } from '@granary/proofs/profile'
import type { Epoch } from '@granary/protocol/messages'
import type { ChainParams, Partition, Rewards } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader, Store } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { BPS_ONE } from './shares.ts'

/** The index counts in 2⁻⁶⁴ attoGRN a byte. */
const INDEX_BITS = 64n

/** Writes the records of rewards before the first block. */
export function initRewards(store: Store): void {
  tables.rewards.put(store, { index: 0n, power: 0n })
}

export function rewardsOf(store: StateReader): Rewards {
  const rewards = tables.rewards.get(store)
  if (rewards === undefined) throw new InvariantError('the state has no rewards')
  return rewards
}

/** Shares the epoch of this block among the power that there was at the end of the block before. */
export function earnEpoch({ store, params, height }: BlockContext): void {
  const { index, power } = rewardsOf(store)
  const step = (capacityRate(params, height) << INDEX_BITS) / sharingBytes(params, power)
  tables.rewards.put(store, { index: index + step, power })
}

/** The most that an epoch mints: the reward of the first epochs, halved once for each `rewardHalving` that has passed. */
export function capacityRate(params: ChainParams, epoch: Epoch): bigint {
  return params.capacityReward >> halvings(params, epoch)
}

/** The capacity stream never mints more than this in all: the sum of all epochs' rates is less. */
export function mintedByCapacityMax({ capacityReward, rewardHalving }: ChainParams): bigint {
  return 2n * capacityReward * BigInt(rewardHalving)
}

function halvings({ rewardHalving }: ChainParams, epoch: Epoch): bigint {
  return BigInt(Math.floor(epoch / rewardHalving))
}

/** The service stream mints a part of the network fee that a payment burnt, and never as much as was burnt. */
export function serviceReward(params: ChainParams, epoch: Epoch, burnt: bigint): bigint {
  return ((burnt * BigInt(params.serviceShareBps)) / BigInt(BPS_ONE)) >> halvings(params, epoch)
}

/** What so many bytes earn an epoch at the present power, rounded up. Fees for faults are multiples of it. */
export function rewardPerEpoch({ store, params, height }: BlockContext, bytes: number): bigint {
  return rewardFor(params, { epoch: height, bytes: BigInt(bytes), power: rewardsOf(store).power })
}

export function rewardFor(
  params: ChainParams,
  { epoch, bytes, power }: { readonly epoch: Epoch; readonly bytes: bigint; readonly power: bigint },
): bigint {
  const sharing = sharingBytes(params, power)
  return (capacityRate(params, epoch) * bytes + sharing - 1n) / sharing
}

/** What the partition has earned since its last proof, where the index stands at `index`. */
export function pendingReward(
  { power, rewardIndex, unearned }: Pick<Partition, 'power' | 'rewardIndex' | 'unearned'>,
  index: bigint,
): bigint {
  const earned = BigInt(power) * (index - rewardIndex) - unearned
  return earned > 0n ? earned >> INDEX_BITS : 0n
}

/**
 * The power of a partition whose challenge was answered: `bytes` are those of the frozen list that are still listed.
 * Sectors that have earned before keep earning from the block that opened the challenge. Sectors that earn for the first
 * time begin in this block, because the power among which the epochs in between were shared did not count them yet.
 */
export function earnFrom(
  store: StateReader,
  { power }: Pick<Partition, 'power'>,
  { rewardIndex, bytes }: { readonly rewardIndex: bigint; readonly bytes: number },
): Pick<Partition, 'power' | 'rewardIndex' | 'unearned'> {
  const begun = BigInt(bytes - power)
  return { power: bytes, rewardIndex, unearned: begun * (rewardsOf(store).index - rewardIndex) }
}

/** Moves the power of all by the difference that a partition's record is written with. */
export function changePower(store: Store, change: number): void {
  if (change === 0) return
  const { index, power } = rewardsOf(store)
  tables.rewards.put(store, { index, power: power + BigInt(change) })
}

export function sectorBytesOf({ profile }: Pick<Partition, 'profile'>): number {
  return profileNamed(profile).sectorBytes
}

/** Below the design size a byte earns the constant that its pledge is priced in; beyond it, all share. */
function sharingBytes({ designPower }: ChainParams, power: bigint): bigint {
  return power > designPower ? power : designPower
}
