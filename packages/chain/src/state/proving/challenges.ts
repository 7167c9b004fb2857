/**
 * Challenges of partitions: drawn, answered, missed or void. docs/spec/chain.md section 3. What is in the list of a missed
 * challenge is faulty from then on, and is not challenged again before it asks to recover.
 */

import type { FeeReason } from '@granary/protocol/events'
import type { Epoch, PartitionNumber, ProviderId } from '@granary/protocol/messages'
import type { OpenChallenge, Partition } from '@granary/protocol/records'
import { keyNumber } from '@granary/protocol/records'
import { frozenIncome, missFee } from '../money/answer-fees.ts'
import { unlockCollateral } from '../money/ledger.ts'
import { lesser } from '../money/lesser.ts'
import { earnFrom, pendingReward, sectorBytesOf } from '../money/rewards.ts'
import { creditVesting } from '../money/vesting.ts'
import type { BlockContext } from '../store/context.ts'
import { drawsOf } from '../store/draws.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { epochOf, isVoid } from './answer-time.ts'
import { roundTimeMs } from './beacon.ts'
import { chargeProvider, forfeit, missChallenge, requireSector } from './faults.ts'
import { frozenAtOf } from './frozen-at.ts'
import {
  allMembers,
  isListed,
  membersAt,
  NOW,
  type PositionedMember,
  partitionOf,
  removeMember,
  unlistMember,
  writePartition,
} from './partitions.ts'
import { drawRecoveries } from './recoveries.ts'
import { addRedraw, removeRedraw, takeRedraws } from './redraws.ts'
import { reachOf, responseWindowOf } from './response-window.ts'
import { drawSlots, partitionsInSlot, swapsBefore } from './slots.ts'
import { standingOf } from './spans.ts'

/** The slots whose partitions an epoch challenges; the partitions that are drawn again count as one slot. */
const SLOTS_MAX = 3

export type Outcome = 'answered' | 'missed'

/** Draws the challenges of all epochs whose randomness is there, in their order. */
export function drawChallenges(context: BlockContext): void {
  const { store, params, height, emit } = context
  for (let epoch = drawsOf(store).through + 1; epoch <= height; epoch++) {
    const before = drawsOf(store)
    const made = swapsBefore(params, epoch, before.swaps)
    const drawn = drawSlots(store, params, epoch, made)
    if (drawn === undefined && !isGivenUp(context, epoch)) return
    const frozenAt = frozenAtOf(store, params, epoch, before.frozenAt)
    tables.draws.put(store, { through: epoch, frozenAt, swaps: drawn?.swaps ?? made })
    if (drawn === undefined) {
      emit({ type: 'challenge:void', epoch, reason: 'BEACON_LATE' })
      continue
    }
    for (const slot of drawn.slots) challengeSlot(context, slot, epoch)
    // While the permutation is behind, its second slot stands in for these: an epoch opens challenges of three slots at most.
    if (drawn.slots.length < SLOTS_MAX) challengeAgain(context, epoch)
    drawRecoveries(context, epoch)
  }
}

/** Whether its round is so late that whoever makes the blocks could have waited to see it first. */
function isGivenUp({ store, genesis, params, timeMs }: BlockContext, epoch: Epoch): boolean {
  const record = tables.epochs.get(store, epoch)
  return record === undefined || timeMs > roundTimeMs(genesis, record.round) + params.beaconLatenessMs
}

/** Closes the windows whose last block is this one. */
export function closeDueChallenges(context: BlockContext): void {
  const { store, height, emit } = context
  const due = [...tables.challengeDeadlines.entries(store, [height])]
  for (const { parts } of due) {
    const provider = keyNumber(parts[1])
    const number = keyNumber(parts[2])
    const partition = partitionOf(store, provider, number)
    const challenge = openChallengeOf(partition)
    const place = { provider, partition: number, epoch: challenge.epoch }
    if (isVoid(context, partition, challenge)) {
      tables.challengeDeadlines.delete(store, height, provider, number)
      writePartition(context, provider, number, { ...partition, challenge: undefined })
      addRedraw(context, { provider, partition: number })
      emit({ type: 'challenge:void', ...place, reason: 'CHAIN_SLOW' })
    } else {
      closeChallenge(context, provider, number, 'missed')
      emit({ type: 'post:missed', ...place })
    }
  }
}

/**
 * Decides the span since the challenge before, as far as an answer reaches back, and takes the sectors out of the list
 * whose time was over.
 */
export function closeChallenge(
  context: BlockContext,
  provider: ProviderId,
  number: PartitionNumber,
  outcome: Outcome,
): void {
  const { store, height } = context
  const partition = partitionOf(store, provider, number)
  const challenge = openChallengeOf(partition)
  const { epoch, frozenAt, deadline, openedAt } = challenge
  const expires = partition.firstExpiry <= height
  const begins = outcome === 'answered' && partition.power < partition.sound * sectorBytesOf(partition)
  // The members are read once: there are up to 2,048 of them, most in pages that nothing else of the block has touched.
  const members = outcome === 'missed' || expires || begins ? allMembers(store, provider, number) : []
  const list = members.filter((member) => isListed(partition, member, frozenAt))
  const sound = expires || begins ? list.filter((member) => isListed(partition, member, NOW)) : []
  const leaving = sound.filter(({ expiry }) => expiry <= height)
  tables.challengeDeadlines.delete(store, deadline, provider, number)
  if (outcome === 'missed') {
    const fee = missFee(context.params, frozenIncome(context, partition, list))
    // These leave before the miss is counted, so that a sector whose time was over ends and does not become faulty.
    for (const member of leaving) endSector(context, provider, number, member, 'PROOF_MISSED')
    const gone = new Set(leaving.map(({ position }) => position))
    const left = members.filter(({ position }) => !gone.has(position))
    missChallenge(context, { provider, partition: number }, challenge, left)
    chargeProvider(context, provider, fee, 'PROOF_MISSED')
    return
  }
  const { rewardIndex } = epochOf(context, openedAt)
  const bytes = begins ? sound.length * sectorBytesOf(partition) : partition.power
  const reached = leaveUnreached(context, { provider, number }, partition, challenge)
  writePartition(context, provider, number, {
    ...reached,
    ...earnFrom(store, partition, { rewardIndex, bytes }),
    challenge: undefined,
    closedEpoch: epoch,
    closedFrozenAt: frozenAt,
  })
  creditCapacity(context, { provider, number }, pendingReward(reached, rewardIndex))
  for (const member of leaving) endSector(context, provider, number, member)
  if (expires) findFirstExpiry(context, provider, number)
}

/**
 * Somebody who can stop the chain at each challenge could leave all of them unanswered for as long as it likes, and then
 * answer the last one for all. So an answer reaches back two periods only. What lies before that is a gap of the partition:
 * nothing is paid or minted for it, and no fee is taken.
 * @returns the partition as the answer finds it
 */
function leaveUnreached(
  context: BlockContext,
  { provider, number }: Place,
  partition: Partition,
  { epoch, openedAt }: OpenChallenge,
): Partition {
  const { store, params, emit } = context
  const { closedEpoch: from, unreached } = partition
  const to = epoch - reachOf(params, partition.profile)
  if (from >= to) return partition
  tables.gaps.put(store, provider, number, to, { from, before: unreached })
  const index = epochOf(context, to).rewardIndex
  // The partition may stand beyond the index of that epoch already: if the round of its last draw came late, the block that
  // brought it lies after `to`.
  const rewardIndex = index + partition.rewardIndex - lesser(index, partition.rewardIndex)
  const reached = { ...partition, unreached: unreached + to - from, rewardIndex }
  const { rewardIndex: opened } = epochOf(context, openedAt)
  const lost = pendingReward(partition, opened) - pendingReward(reached, opened)
  emit({ type: 'span:unreached', provider, partition: number, from, to })
  forfeit(context, { provider, partition: number }, lost, 'OUT_OF_REACH')
  return reached
}

function openChallengeOf(partition: Partition): OpenChallenge {
  const { challenge } = partition
  if (challenge === undefined) throw new InvariantError('a partition without an open challenge has a deadline')
  return challenge
}

function challengeSlot(context: BlockContext, slot: number, epoch: Epoch): void {
  for (const { provider, partition } of partitionsInSlot(context.store, slot)) {
    openChallenge(context, provider, partition, epoch)
  }
}

/** Challenges partitions whose challenge was void again, with fresh randomness. */
function challengeAgain(context: BlockContext, epoch: Epoch): void {
  for (const { provider, partition } of takeRedraws(context, epoch)) openChallenge(context, provider, partition, epoch)
}

function openChallenge(context: BlockContext, provider: ProviderId, number: PartitionNumber, epoch: Epoch): void {
  const { store, params, height, emit } = context
  const partition = partitionOf(store, provider, number)
  const { frozenAt } = drawsOf(store)
  if (partition.challenge !== undefined || !hasMembersAt(store, provider, number, frozenAt)) return
  removeRedraw(context, { provider, partition: number })
  const deadline = height + responseWindowOf(params, partition.profile)
  tables.challengeDeadlines.put(store, deadline, provider, number, {})
  writePartition(context, provider, number, {
    ...partition,
    redraw: undefined,
    challenge: { epoch, frozenAt, openedAt: height, deadline },
  })
  emit({ type: 'challenge:opened', provider, partition: number, epoch, deadline })
}

interface Place {
  readonly provider: ProviderId
  readonly number: PartitionNumber
}

function creditCapacity(context: BlockContext, { provider, number }: Place, amount: bigint): void {
  if (amount === 0n) return
  creditVesting(context, provider, amount)
  context.emit({
    type: 'reward:credited',
    stream: 'capacity',
    provider,
    partition: number,
    amount: String(amount),
  })
}

function hasMembersAt(store: StateReader, provider: ProviderId, partition: PartitionNumber, epoch: Epoch): boolean {
  const record = partitionOf(store, provider, partition)
  for (const { value } of tables.members.entries(store, [provider, partition])) {
    if (isListed(record, value, epoch)) return true
  }
  return false
}

/**
 * Ends a sector whose time is over. An answer after its expiry proves all that was left of it; without an answer the span
 * since its last proof is faulted.
 */
export function endSector(
  context: BlockContext,
  provider: ProviderId,
  partition: PartitionNumber,
  { number, position }: PositionedMember,
  unproven?: FeeReason,
): void {
  const { store, height, emit } = context
  const sector = requireSector(store, provider, number)
  // When an answer ends it, the partition's last draw is that of the challenge which was answered.
  const isProven = unproven === undefined
  const proven = isProven ? sector.expiry : standingOf(store, provider, sector).proven
  const drawn = isProven ? Math.min(proven, partitionOf(store, provider, partition).closedEpoch) : proven
  const stopped = { proven, drawn, at: height }
  unlockCollateral(store, provider, sector.pledge)
  tables.sectors.put(store, provider, number, { ...sector, status: 'ended', pledge: 0n, stopped })
  const forfeited = unlistMember(context, provider, partition, position)
  if (unproven !== undefined) forfeit(context, { provider, partition }, forfeited, unproven)
  removeMember(context, provider, partition, position)
  emit({ type: 'sector:expired', provider, sector: number, reason: 'EXPIRED' })
}

function findFirstExpiry(context: BlockContext, provider: ProviderId, number: PartitionNumber): void {
  const { store } = context
  const expiries = membersAt(store, provider, number, NOW).map((member) => member.expiry)
  const firstExpiry = expiries.length === 0 ? 0 : Math.min(...expiries)
  writePartition(context, provider, number, { ...partitionOf(store, provider, number), firstExpiry })
}
