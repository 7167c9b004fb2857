/**
 * Partitions: ordered lists of a provider's sectors of one profile, proven together. A list only grows at its end and only
 * while no challenge is open, so the list of an earlier epoch is the part of it that had joined by then; keeping
 * `frozenAt` says the same as keeping the list's hash and length. docs/spec/chain.md section 3.
 */
import type { Epoch } from '../messages/index.ts'
import type { BlockContext } from './context.ts'
import { InvariantError, TxError } from './errors.ts'
import { lockCollateral, unlockCollateral } from './ledger.ts'
import { type Member, type Partition, type Sector, tables } from './records.ts'
import { enterSlot, freeSlot, leaveSlot } from './slots.ts'
import type { StateReader, Store } from './store.ts'
import { keyNumber } from './table.ts'

export interface PositionedMember extends Member {
  readonly position: number
}

export function partitionOf(store: StateReader, provider: number, partition: number): Partition {
  const found = tables.partitions.get(store, provider, partition)
  if (found === undefined) throw new InvariantError(`provider ${provider} has no partition ${partition}`)
  return found
}

/** The list as it stood at the end of `epoch`. */
export function membersAt(store: StateReader, provider: number, partition: number, epoch: Epoch): PositionedMember[] {
  const members: PositionedMember[] = []
  for (const { parts, value } of tables.members.entries(store, [provider, partition])) {
    if (value.joinedAt > epoch) break
    members.push({ ...value, position: keyNumber(parts[2]) })
  }
  return members
}

/**
 * Puts a proven sector into the lowest-numbered partition of its profile that is neither full nor frozen, else into a new
 * one in the least loaded slot. A faulty partition takes none: its list would be answered for sectors that never failed.
 * @returns the partition's number @throws TxError NO_SLOT, INSUFFICIENT_COLLATERAL
 */
export function joinPartition(
  context: BlockContext,
  provider: number,
  sector: Pick<Sector, 'profile' | 'commR' | 'expiry'> & { readonly number: number },
): number {
  const { store, height } = context
  const number =
    partitionWithRoom(store, provider, sector.profile) ?? createPartition(context, provider, sector.profile)
  const partition = partitionOf(store, provider, number)
  tables.members.put(store, provider, number, partition.nextPosition, {
    number: sector.number,
    commR: sector.commR,
    joinedAt: height,
    expiry: sector.expiry,
  })
  writePartition(context, provider, number, {
    ...partition,
    sectors: partition.sectors + 1,
    nextPosition: partition.nextPosition + 1,
    lastJoinedAt: height,
    firstExpiry: partition.sectors === 0 ? sector.expiry : Math.min(partition.firstExpiry, sector.expiry),
  })
  return number
}

/** Takes members out. The last one to leave retires the partition: its deposit is free and its number never used again. */
export function removeMembers(
  context: BlockContext,
  provider: number,
  number: number,
  leaving: readonly PositionedMember[],
): void {
  const { store } = context
  const partition = partitionOf(store, provider, number)
  for (const member of leaving) tables.members.delete(store, provider, number, member.position)
  const left = [...tables.members.entries(store, [provider, number])].map((entry) => entry.value)
  const retired = left.length === 0
  writePartition(context, provider, number, {
    ...partition,
    sectors: left.length,
    firstExpiry: retired ? 0 : Math.min(...left.map((member) => member.expiry)),
    retired,
    deposit: retired ? 0n : partition.deposit,
  })
  if (!retired) return
  leaveSlot(store, partition.slot, provider, number)
  unlockCollateral(store, provider, partition.deposit)
}

/** Keeps the index of partitions that take sectors in step with the record. */
export function writePartition(context: BlockContext, provider: number, number: number, partition: Partition): void {
  const { store, params } = context
  tables.partitions.put(store, provider, number, partition)
  const hasRoom = !partition.faulty && !partition.retired && partition.sectors < params.partitionSectorsMax
  if (hasRoom) tables.partitionsWithRoom.put(store, provider, partition.profile, number, {})
  else tables.partitionsWithRoom.delete(store, provider, partition.profile, number)
}

function partitionWithRoom(store: StateReader, provider: number, profile: string): number | undefined {
  const candidates = [...tables.partitionsWithRoom.entries(store, [provider, profile])]
  return candidates
    .map(({ parts }) => keyNumber(parts[2]))
    .find((number) => partitionOf(store, provider, number).challenge.length === 0)
}

function createPartition(context: BlockContext, provider: number, profile: string): number {
  const { store, params } = context
  const slot = freeSlot(store, params)
  if (slot === undefined) {
    throw new TxError('NO_SLOT', {
      message: 'every slot holds as many partitions as it may',
      hint: 'try again when a partition has retired',
      retryable: true,
    })
  }
  lockCollateral(store, provider, params.partitionDeposit)
  const number = takeNumber(store, provider)
  writePartition(context, provider, number, {
    profile,
    slot,
    deposit: params.partitionDeposit,
    sectors: 0,
    nextPosition: 0,
    lastJoinedAt: 0,
    firstExpiry: 0,
    faulty: false,
    retired: false,
    challenge: [],
    closedEpoch: 0,
    closedFrozenAt: 0,
    provenEpoch: [],
    faultedEpochs: 0,
  })
  enterSlot(store, slot, provider, number)
  return number
}

function takeNumber(store: Store, provider: number): number {
  const { next } = tables.partitionNumbers.get(store, provider) ?? { next: 0 }
  tables.partitionNumbers.put(store, provider, { next: next + 1 })
  return next
}
