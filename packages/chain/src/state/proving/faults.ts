/**
 * Faults: what a missed challenge, a declared fault and a termination do to sectors, and what they cost.
 * docs/spec/chain.md section 3.
 */
import type { FeeReason, ForfeitReason, TerminationReason } from '@granary/protocol/events'
import type { Epoch, PartitionNumber, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { Member, OpenChallenge, Sector } from '@granary/protocol/records'
import { keyNumber, leavingCosts } from '@granary/protocol/records'
import { chargeCollateral, unlockCollateral } from '../money/ledger.ts'
import { pendingReward, rewardPerEpoch, rewardsOf, sectorBytesOf } from '../money/rewards.ts'
import { forfeitVesting, releaseVested } from '../money/vesting.ts'
import type { BlockContext } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader, Store } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import {
  allMembers,
  departLater,
  isListed,
  memberOf,
  NOW,
  partitionOf,
  unlistMember,
  writePartition,
} from './partitions.ts'
import { placementOf, standingOf } from './spans.ts'

/** Sectors whose faults became too old that one block terminates; the others wait for the next. */
const TERMINATIONS_MAX = 256
/** Partitions that one block looks through for them. */
const SWEEPS_MAX = 8

/** Burns a fee from the provider's free collateral; what that lacks stays as a debt. */
export function chargeProvider(context: BlockContext, provider: ProviderId, fee: bigint, reason: FeeReason): void {
  if (fee === 0n) return
  releaseVested(context, provider)
  chargeCollateral(context.store, provider, fee)
  context.emit({ type: 'provider:charged', provider, amount: String(fee), reason })
}

/**
 * Makes everything in the list of a missed challenge faulty. It is counted in the partition, and nothing is written a
 * sector.
 * @param members: all of the partition that are in it now
 */
export function missChallenge(
  context: BlockContext,
  place: { readonly provider: ProviderId; readonly partition: PartitionNumber },
  { frozenAt }: OpenChallenge,
  members: readonly Member[],
): void {
  const { store, params, height } = context
  const { provider, partition: number } = place
  const partition = partitionOf(store, provider, number)
  const { closedEpoch, closedFrozenAt } = partition
  tables.misses.put(store, provider, number, frozenAt, { at: height, closedEpoch, closedFrozenAt })
  tables.faultDeadlines.put(store, height + params.faultMaxAge, provider, number, {})
  const sound = members.filter((member) => isListed({ missedFrozenAt: frozenAt }, member, NOW))
  writePartition(context, provider, number, {
    ...partition,
    challenge: undefined,
    missedFrozenAt: frozenAt,
    sound: sound.length,
    power: 0,
    unearned: 0n,
  })
  forfeit(context, place, pendingReward(partition, rewardsOf(store).index), 'PROOF_MISSED')
}

/** What was earned and never proven is not minted. An event says how much that was. */
export function forfeit(
  { emit }: BlockContext,
  place: { readonly provider: ProviderId; readonly partition: PartitionNumber },
  amount: bigint,
  reason: ForfeitReason,
): void {
  if (amount > 0n) emit({ type: 'reward:forfeited', ...place, amount: String(amount), reason })
}

/** What a sector earns an epoch, from its deals and as capacity. Fees for faults are multiples of it. */
export function incomeOf(context: BlockContext, { pay, profile }: Pick<Sector, 'pay' | 'profile'>): bigint {
  return pay + rewardPerEpoch(context, sectorBytesOf({ profile }))
}

/**
 * Makes a sector faulty: the span since its last proof counts as faulted, and all that follows until a recovery.
 * @returns the reward that it had earned since then
 */
export function declareFault(context: BlockContext, provider: ProviderId, number: SectorNumber): bigint {
  const { store, params, height } = context
  const sector = requireSector(store, provider, number)
  const { partition, position } = placementOf(sector)
  const { proven } = standingOf(store, provider, sector)
  tables.sectors.put(store, provider, number, { ...sector, stopped: { proven, drawn: proven, at: height } })
  tables.faultDeadlines.put(store, height + params.faultMaxAge, provider, partition, {})
  return unlistMember(context, provider, partition, position)
}

/**
 * Ends a sector before its time, or one that is faulty after it. Its deals end with it; each is refunded in its own
 * settlement. The fee, and what it forfeits of what vests, are those of the time which was left when it was last sound.
 */
export function terminateSector(
  context: BlockContext,
  provider: ProviderId,
  number: SectorNumber,
  reason: TerminationReason,
): void {
  const { store, params, height, emit } = context
  const sector = requireSector(store, provider, number)
  const { partition, position } = placementOf(sector)
  const { proven, stoppedAt } = standingOf(store, provider, sector)
  const isOver = sector.expiry <= height
  const reward = rewardPerEpoch(context, sectorBytesOf(sector))
  const costs = leavingCosts(params, sector, { since: stoppedAt ?? height, reward })
  tables.sectors.put(store, provider, number, {
    ...sector,
    status: isOver ? 'ended' : 'terminated',
    stopped: { proven, drawn: proven, at: height },
    pledge: 0n,
  })
  const forfeited =
    stoppedAt === undefined
      ? unlistMember(context, provider, partition, position)
      : leaveFaulty(context, provider, partition, position)
  departLater(context, provider, partition, position)
  unlockCollateral(store, provider, sector.pledge)
  if (isOver) emit({ type: 'sector:expired', provider, sector: number, reason: 'EXPIRED' })
  else emit({ type: 'sector:terminated', provider, sector: number, epoch: height, reason })
  forfeit(context, { provider, partition }, forfeited, 'TERMINATED')
  chargeProvider(context, provider, costs.fee, 'TERMINATED')
  forfeitVesting(context, provider, costs.forfeit)
}

/** Terminates sectors whose fault is older than `faultMaxAge`, a bounded number of them a block. */
export function terminateOldFaults(context: BlockContext): void {
  const { store, height } = context
  let left = TERMINATIONS_MAX
  const due: { readonly epoch: Epoch; readonly provider: ProviderId; readonly partition: PartitionNumber }[] = []
  for (const { parts } of tables.faultDeadlines.entries(store, [])) {
    const [epoch, provider, partition] = parts.map(keyNumber) as [number, number, number]
    if (epoch > height || due.length === SWEEPS_MAX) break
    due.push({ epoch, provider, partition })
  }
  for (const { epoch, provider, partition } of due) {
    if (left === 0) return
    const { recovery } = partitionOf(store, provider, partition)
    const old = recovery === undefined ? tooOld(context, provider, partition) : []
    for (const number of old.slice(0, left)) terminateSector(context, provider, number, 'FAULT_TOO_OLD')
    if (old.length > left) return
    left -= old.length
    tables.faultDeadlines.delete(store, epoch, provider, partition)
    // A sector that is being proven again just now may still recover.
    if (recovery !== undefined) tables.faultDeadlines.put(store, recovery.deadline + 1, provider, partition, {})
  }
}

/** @returns the sectors of the partition that have been faulty for too long */
function tooOld({ store, params, height }: BlockContext, provider: ProviderId, partition: PartitionNumber): number[] {
  const record = partitionOf(store, provider, partition)
  return allMembers(store, provider, partition)
    .filter((member) => !isListed(record, member, NOW))
    .map((member) => member.number)
    .filter((number) => {
      const sector = requireSector(store, provider, number)
      if (sector.status !== 'active') return false
      const { stoppedAt } = standingOf(store, provider, sector)
      return stoppedAt !== undefined && stoppedAt + params.faultMaxAge <= height
    })
}

/** Takes what a closed deal paid out of its sector's income, so that no later fee counts it. */
export function dropPay(store: Store, provider: ProviderId, number: SectorNumber, pay: bigint): void {
  const sector = requireSector(store, provider, number)
  // A sector that has left its list is charged no fee any more, so that its income need not be kept up to date.
  if (sector.status !== 'active') return
  const { partition, position } = placementOf(sector)
  const member = memberOf(store, provider, partition, position)
  tables.sectors.put(store, provider, number, { ...sector, pay: sector.pay - pay })
  tables.members.put(store, provider, partition, position, { ...member, pay: member.pay - pay })
}

/** Notes since when a sector is out of its list. A faulty sector earned nothing that could be lost. */
function leaveFaulty(
  { store, height }: BlockContext,
  provider: ProviderId,
  partition: PartitionNumber,
  position: number,
): bigint {
  const member = memberOf(store, provider, partition, position)
  if (member.leftAt === 0) tables.members.put(store, provider, partition, position, { ...member, leftAt: height })
  return 0n
}

export function requireSector(store: StateReader, provider: ProviderId, number: SectorNumber): Sector {
  const sector = tables.sectors.get(store, provider, number)
  if (sector === undefined) throw new InvariantError(`sector ${provider}/${number} is listed and unknown`)
  return sector
}
