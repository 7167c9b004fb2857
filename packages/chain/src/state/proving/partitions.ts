/**
 * Partitions: ordered lists of a provider's sectors of one profile, proven together. A list grows at its end; who leaves
 * it stays on record with the block that took it out, until no challenge can ask for it any more. So the list of an earlier
 * epoch can be read at any time, which says the same as keeping its hash and length. docs/spec/chain.md section 3.
 */
import type { Epoch, PartitionNumber, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { Member, Partition, Sector } from '@granary/protocol/records'
import { keyNumber } from '@granary/protocol/records'
import { unlockCollateral } from '../money/ledger.ts'
import { changePower, pendingReward, rewardsOf, sectorBytesOf } from '../money/rewards.ts'
import { lockWithVested } from '../money/vesting.ts'
import type { BlockContext } from '../store/context.ts'
import { drawsOf } from '../store/draws.ts'
import { InvariantError, TxError } from '../store/errors.ts'
import type { StateReader, Store } from '../store/store.ts'
import { firstOf } from '../store/table.ts'
import { tables } from '../store/tables.ts'
import { depositAt, enterSlot, freeSlot, leaveSlot, slotsTaken } from './slots.ts'

export interface PositionedMember extends Member {
  readonly position: number
}

/** At most so many terminated sectors leave their lists in one block; the others wait for the next. */
const DEPARTURES_MAX = 1_024
export const NOW: Epoch = Number.MAX_SAFE_INTEGER

export function partitionOf(store: StateReader, provider: ProviderId, partition: PartitionNumber): Partition {
  const found = tables.partitions.get(store, provider, partition)
  if (found === undefined) throw new InvariantError(`provider ${provider} has no partition ${partition}`)
  return found
}

/** The list as it stood at the end of `epoch`: those that are challenged together. */
export function membersAt(
  store: StateReader,
  provider: ProviderId,
  partition: PartitionNumber,
  epoch: Epoch,
): PositionedMember[] {
  const record = partitionOf(store, provider, partition)
  return allMembers(store, provider, partition).filter((member) => isListed(record, member, epoch))
}

/** All members that are on record, the faulty ones and those whose time is over among them. */
export function allMembers(store: StateReader, provider: ProviderId, partition: PartitionNumber): PositionedMember[] {
  const entries = [...tables.members.entries(store, [provider, partition])]
  return entries.map(({ parts, value }) => ({ ...value, position: keyNumber(parts[2]) }))
}

export function isListed(
  { missedFrozenAt }: Pick<Partition, 'missedFrozenAt'>,
  { joinedAt, leftAt }: Member,
  epoch: Epoch,
): boolean {
  return joinedAt <= epoch && joinedAt > missedFrozenAt && (leftAt === 0 || leftAt > epoch)
}

/**
 * Keeps a place for a sector that is pre-committed: in the lowest-numbered partition of its profile that is not full, under
 * challenge or not, else in a new one in the least loaded slot. So its proof can fail for nothing but itself.
 * @returns the partition @throws TxError NO_SLOT, INSUFFICIENT_COLLATERAL
 */
export function reservePlace(context: BlockContext, provider: ProviderId, profile: string): number {
  const { store } = context
  const partition = partitionWithRoom(store, provider, profile) ?? createPartition(context, provider, profile)
  const record = partitionOf(store, provider, partition)
  writePartition(context, provider, partition, { ...record, reserved: record.reserved + 1 })
  return partition
}

/** The sector was not proven in time: its place is free again. */
export function releasePlace(context: BlockContext, provider: ProviderId, partition: PartitionNumber): void {
  const record = partitionOf(context.store, provider, partition)
  writeOrRetire(context, provider, partition, { ...record, reserved: record.reserved - 1 })
}

/** Puts a proven sector into its place. No list that a challenge froze before holds it. @returns its position */
export function takePlace(
  context: BlockContext,
  provider: ProviderId,
  partition: PartitionNumber,
  sector: Pick<Sector, 'commR' | 'expiry' | 'pay'> & { readonly number: SectorNumber },
): number {
  const record = partitionOf(context.store, provider, partition)
  const { reserved, sectors } = record
  writePartition(context, provider, partition, { ...record, reserved: reserved - 1, sectors: sectors + 1 })
  return listMember(context, provider, partition, sector)
}

/** Appends to the list a sector that the partition counts already. @returns its position */
export function listMember(
  context: BlockContext,
  provider: ProviderId,
  partition: PartitionNumber,
  { number, commR, expiry, pay }: Pick<Sector, 'commR' | 'expiry' | 'pay'> & { readonly number: SectorNumber },
): number {
  const { store, height } = context
  const record = partitionOf(store, provider, partition)
  const position = record.nextPosition
  tables.members.put(store, provider, partition, position, { number, commR, joinedAt: height, leftAt: 0, expiry, pay })
  writePartition(context, provider, partition, {
    ...record,
    sound: record.sound + 1,
    nextPosition: position + 1,
    firstExpiry: record.sound === 0 ? expiry : Math.min(record.firstExpiry, expiry),
  })
  return position
}

/** Whether a member has been proven with its partition since it joined. From then on its bytes earn. */
export function isEarning(partition: Pick<Partition, 'missedFrozenAt' | 'closedFrozenAt'>, member: Member): boolean {
  return member.joinedAt <= partition.closedFrozenAt && isListed(partition, member, NOW)
}

/**
 * Takes a sound sector out of the lists of later epochs; the record of it stays for those of earlier ones.
 * @returns what it had earned since the last proof, which is never minted
 */
export function unlistMember(
  context: BlockContext,
  provider: ProviderId,
  partition: PartitionNumber,
  position: number,
): bigint {
  const { store, height } = context
  const member = memberOf(store, provider, partition, position)
  const record = partitionOf(store, provider, partition)
  tables.members.put(store, provider, partition, position, { ...member, leftAt: height })
  const left: Partition = {
    ...record,
    sound: record.sound - 1,
    power: record.power - (isEarning(record, member) ? sectorBytesOf(record) : 0),
  }
  writePartition(context, provider, partition, left)
  const { index } = rewardsOf(store)
  return pendingReward(record, index) - pendingReward(left, index)
}

/** Plans when the record of a member is deleted: as soon as no challenge that asks for it can be open or drawn any more. */
export function departLater(
  context: BlockContext,
  provider: ProviderId,
  partition: PartitionNumber,
  position: number,
): void {
  const { store, height } = context
  tables.departures.put(store, height, provider, partition, position, {})
}

/**
 * Deletes members that are due, a bounded number a block. Those whose list is being challenged wait until its window has
 * closed.
 */
export function departDue(context: BlockContext): void {
  const { store } = context
  const { frozenAt } = drawsOf(store)
  const due: {
    readonly epoch: Epoch
    readonly provider: ProviderId
    readonly partition: PartitionNumber
    position: number
  }[] = []
  for (const { parts } of tables.departures.entries(store, [])) {
    const [epoch, provider, partition, position] = parts.map(keyNumber) as [number, number, number, number]
    if (epoch > frozenAt || due.length === DEPARTURES_MAX) break
    due.push({ epoch, provider, partition, position })
  }
  for (const { epoch, provider, partition, position } of due) {
    tables.departures.delete(store, epoch, provider, partition, position)
    const { challenge, recovery } = partitionOf(store, provider, partition)
    const open = [challenge, recovery].flatMap((each) => each?.deadline ?? [])
    if (open.length === 0) removeMember(context, provider, partition, position)
    else tables.departures.put(store, Math.max(...open), provider, partition, position, {})
  }
}

export function removeMember(
  context: BlockContext,
  provider: ProviderId,
  partition: PartitionNumber,
  position: number,
): void {
  const record = partitionOf(context.store, provider, partition)
  tables.members.delete(context.store, provider, partition, position)
  writeOrRetire(context, provider, partition, { ...record, sectors: record.sectors - 1 })
}

/**
 * When the last sector and the last kept place have gone, the partition retires: its deposit is free, its number never used
 * again.
 */
function writeOrRetire(
  context: BlockContext,
  provider: ProviderId,
  number: PartitionNumber,
  partition: Partition,
): void {
  if (partition.sectors + partition.reserved > 0) {
    writePartition(context, provider, number, partition)
    return
  }
  writePartition(context, provider, number, { ...partition, retired: true, deposit: 0n })
  leaveSlot(context.store, partition.slot, provider, number)
  unlockCollateral(context.store, provider, partition.deposit)
}

export function memberOf(
  store: StateReader,
  provider: ProviderId,
  partition: PartitionNumber,
  position: number,
): Member {
  const member = tables.members.get(store, provider, partition, position)
  if (member === undefined) throw new InvariantError(`partition ${partition} of ${provider} has nothing at ${position}`)
  return member
}

/**
 * Writes a partition, and with it what follows from its record: the index of partitions with room, the queue of recoveries,
 * the power of all.
 */
export function writePartition(
  context: BlockContext,
  provider: ProviderId,
  number: PartitionNumber,
  partition: Partition,
): void {
  const { store, params } = context
  const before = tables.partitions.get(store, provider, number)
  tables.partitions.put(store, provider, number, partition)
  changePower(store, partition.power - (before?.power ?? 0))
  const hasRoom = !partition.retired && partition.sectors + partition.reserved < params.partitionSectorsMax
  if (hasRoom) tables.partitionsWithRoom.put(store, provider, partition.profile, number, {})
  else tables.partitionsWithRoom.delete(store, provider, partition.profile, number)
  const waited = before && waitsSince(before)
  const waits = waitsSince(partition)
  if (waited !== undefined && waited !== waits) tables.recoveryQueue.delete(store, waited, provider, number)
  if (waits !== undefined && waited !== waits) tables.recoveryQueue.put(store, waits, provider, number, {})
}

/** Its place in the queue of recoveries, which it has only while it is not being challenged. */
function waitsSince({ requestedAt, challenge }: Partition): Partition['requestedAt'] {
  return challenge === undefined ? requestedAt : undefined
}

function partitionWithRoom(store: StateReader, provider: ProviderId, profile: string): number | undefined {
  const first = firstOf(tables.partitionsWithRoom.entries(store, [provider, profile]))
  return first && keyNumber(first.parts[2])
}

function createPartition(context: BlockContext, provider: ProviderId, profile: string): number {
  const { store, params, height } = context
  const slot = freeSlot(store, params)
  if (slot === undefined) {
    throw new TxError('NO_SLOT', {
      message: 'every slot holds as many partitions as it may',
      hint: 'try again when a partition has retired',
    })
  }
  const deposit = depositAt(params, slotsTaken(store))
  lockWithVested(context, provider, deposit)
  const number = takeNumber(store, provider)
  writePartition(context, provider, number, {
    profile,
    slot,
    deposit,
    sectors: 0,
    reserved: 0,
    sound: 0,
    power: 0,
    rewardIndex: 0n,
    unearned: 0n,
    nextPosition: 0,
    firstExpiry: 0,
    retired: false,
    challenge: undefined,
    redraw: undefined,
    closedEpoch: height,
    closedFrozenAt: 0,
    unreached: 0,
    missedFrozenAt: 0,
    requestedAt: undefined,
    recovery: undefined,
    recoveryBarredUntil: 0,
  })
  enterSlot(store, slot, provider, number)
  return number
}

function takeNumber(store: Store, provider: ProviderId): number {
  const { next } = tables.partitionNumbers.get(store, provider) ?? { next: 0 }
  tables.partitionNumbers.put(store, provider, { next: next + 1 })
  return next
}
