/**
 * Recovery of faulty sectors: requests wait in a queue, a few of which are drawn each epoch, and are challenged with four
 * times the samples. What is answered counts again from the draw. docs/spec/chain.md section 3.
 */
import type { Epoch, PartitionNumber, ProviderId } from '@granary/protocol/messages'
import type { OpenRecovery, Partition } from '@granary/protocol/records'
import { keyNumber } from '@granary/protocol/records'
import { frozenIncome, missFee } from '../money/answer-fees.ts'
import type { BlockContext } from '../store/context.ts'
import { drawsOf } from '../store/draws.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { firstOf } from '../store/table.ts'
import { tables } from '../store/tables.ts'
import { isVoid } from './answer-time.ts'
import { chargeProvider, requireSector } from './faults.ts'
import { listMember, type PositionedMember, partitionOf, writePartition } from './partitions.ts'
import { responseWindowOf } from './response-window.ts'
import { placementOf, standingOf, unreachedBetween } from './spans.ts'

/** The challenge of a recovery has so many times the samples of another. */
export const RECOVERY_SAMPLES = 4
/** An epoch drops at most so many requests from the queue of which no sector is left to challenge. */
const GONE_MAX = 32

/** Puts the request into the queue. @param positions: of faulty sectors, in the partition's order */
export function enqueueRecovery(
  context: BlockContext,
  provider: ProviderId,
  number: PartitionNumber,
  positions: readonly number[],
): void {
  const { store, height } = context
  tables.recoveryLists.put(store, provider, number, { positions })
  writePartition(context, provider, number, { ...partitionOf(store, provider, number), requestedAt: height })
}

/**
 * The requests of `epoch`, from the front of the queue: those whose partition is being challenged do not stand in it until
 * that is over. A request of which nothing is left to challenge uses no draw.
 */
export function drawRecoveries(context: BlockContext, epoch: Epoch): void {
  const { store, params } = context
  const { frozenAt } = drawsOf(store)
  let opened = 0
  for (let taken = 0; taken < GONE_MAX + params.recoveriesPerEpoch && opened < params.recoveriesPerEpoch; taken++) {
    const front = firstOf(tables.recoveryQueue.entries(store, []))?.parts.map(keyNumber)
    if (front === undefined) return
    const [requestedAt, provider, partition] = front as [number, number, number]
    if (requestedAt > frozenAt) return
    if (openRecovery(context, { provider, number: partition, requestedAt }, epoch)) opened += 1
  }
}

/** The sectors of the open recovery, in partition order. */
export function recoveryMembers(
  store: StateReader,
  provider: ProviderId,
  partition: PartitionNumber,
): PositionedMember[] {
  const { positions } = tables.recoveryLists.get(store, provider, partition) ?? { positions: [] }
  return positions.flatMap((position) => {
    const member = tables.members.get(store, provider, partition, position)
    return member === undefined ? [] : [{ ...member, position }]
  })
}

/**
 * Makes the sectors of an answered recovery sound again from its draw on. A sector that was terminated meanwhile stays so.
 */
export function acceptRecovery(context: BlockContext, provider: ProviderId, number: PartitionNumber): void {
  const { store, height } = context
  const { epoch } = takeRecovery(context, provider, number, 0)
  for (const member of recoveryMembers(store, provider, number)) {
    const sector = requireSector(store, provider, member.number)
    if (sector.status !== 'active') continue
    const { proven } = standingOf(store, provider, sector)
    const placement = placementOf(sector)
    const lost = unreachedBetween(store, { provider, partition: number }, placement.since, proven)
    const before = placement.faultedEpochs + lost
    tables.faultedSpans.put(store, provider, member.number, epoch, { start: proven, before })
    tables.members.delete(store, provider, number, member.position)
    const position = listMember(context, provider, number, { ...sector, number: member.number })
    tables.sectors.put(store, provider, member.number, {
      ...sector,
      stopped: undefined,
      placement: { ...placement, position, since: epoch, listedAt: height, faultedEpochs: before + epoch - proven },
    })
  }
  tables.recoveryLists.delete(store, provider, number)
}

/**
 * Closes the recoveries whose last block is this one: each costs the fee of a missed proof and bars another request for a
 * period.
 */
export function closeDueRecoveries(context: BlockContext): void {
  const { store, params, height, emit } = context
  const due = [...tables.recoveryDeadlines.entries(store, [height])].map(({ parts }) => parts.map(keyNumber))
  for (const [, provider = 0, number = 0] of due) {
    const partition = partitionOf(store, provider, number)
    const open = openRecoveryOf(partition)
    const place = { provider, partition: number, epoch: open.epoch }
    if (isVoid(context, partition, open)) {
      takeRecovery(context, provider, number, 0)
      const waiting = partitionOf(store, provider, number)
      writePartition(context, provider, number, { ...waiting, requestedAt: open.requestedAt })
      emit({ type: 'challenge:void', ...place, reason: 'CHAIN_SLOW' })
      continue
    }
    const list = frozenIncome(context, partition, recoveryMembers(store, provider, number))
    takeRecovery(context, provider, number, height + params.provingPeriod)
    tables.recoveryLists.delete(store, provider, number)
    emit({ type: 'recovery:missed', ...place })
    chargeProvider(context, provider, missFee(params, list), 'RECOVERY_MISSED')
  }
}

interface Request {
  readonly provider: ProviderId
  readonly number: PartitionNumber
  readonly requestedAt: Epoch
}

/** @returns false when nothing of what was asked for is left */
function openRecovery(context: BlockContext, { provider, number, requestedAt }: Request, epoch: Epoch): boolean {
  const { store, params, height, emit } = context
  const partition = partitionOf(store, provider, number)
  const faulty = recoveryMembers(store, provider, number).filter(({ number: sector }) => {
    const { status, expiry } = requireSector(store, provider, sector)
    return status === 'active' && expiry > epoch
  })
  if (faulty.length === 0) {
    tables.recoveryLists.delete(store, provider, number)
    writePartition(context, provider, number, { ...partition, requestedAt: undefined })
    return false
  }
  const deadline = height + responseWindowOf(params, partition.profile)
  tables.recoveryLists.put(store, provider, number, { positions: faulty.map(({ position }) => position) })
  tables.recoveryDeadlines.put(store, deadline, provider, number, {})
  writePartition(context, provider, number, {
    ...partition,
    requestedAt: undefined,
    recovery: { epoch, requestedAt, openedAt: height, deadline },
  })
  emit({ type: 'recovery:opened', provider, partition: number, epoch, deadline })
  return true
}

function takeRecovery(
  context: BlockContext,
  provider: ProviderId,
  number: PartitionNumber,
  barredUntil: Epoch,
): OpenRecovery {
  const { store } = context
  const partition = partitionOf(store, provider, number)
  const recovery = openRecoveryOf(partition)
  tables.recoveryDeadlines.delete(store, recovery.deadline, provider, number)
  writePartition(context, provider, number, { ...partition, recovery: undefined, recoveryBarredUntil: barredUntil })
  return recovery
}

function openRecoveryOf({ recovery: open }: Partition): OpenRecovery {
  if (open === undefined) throw new InvariantError('a partition without an open recovery has a deadline')
  return open
}
