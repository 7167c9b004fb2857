/**
 * The slots of a proving period and the order in which they are challenged: a Fisher–Yates shuffle, one swap an epoch, so
 * that nobody knows the next slot before its epoch's randomness. docs/spec/chain.md section 3.
 */
import type { Epoch, PartitionNumber, ProviderId } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { keyNumber } from '@granary/protocol/records'
import { InvariantError } from '../store/errors.ts'
import type { StateReader, Store } from '../store/store.ts'
import { firstOf } from '../store/table.ts'
import { tables } from '../store/tables.ts'
import { drawBelow, u64 } from './randomness.ts'

const DEPOSIT_STEPS = 20
const DEPOSIT_DOUBLINGS_MAX = 10

/** Before the first block: all slots are empty. */
export function initSlots(store: Store, params: ChainParams): void {
  for (let slot = 0; slot < params.provingPeriod; slot++) tables.slotsByLoad.put(store, 0, slot, {})
  tables.slotsTaken.put(store, { partitions: 0 })
}

/** How many partitions stand in slots. */
export function slotsTaken(store: StateReader): number {
  const taken = tables.slotsTaken.get(store)
  if (taken === undefined) throw new InvariantError('the state does not count its partitions')
  return taken.partitions
}

/**
 * What a new partition deposits when `taken` places are taken: above half of all places it doubles with each twentieth of
 * them.
 */
export function depositAt({ partitionDeposit, provingPeriod, slotPartitionsMax }: ChainParams, taken: number): bigint {
  const places = provingPeriod * slotPartitionsMax
  const doublings = Math.floor((DEPOSIT_STEPS * Math.max(0, 2 * taken - places)) / (2 * places))
  return partitionDeposit * 2n ** BigInt(Math.min(doublings, DEPOSIT_DOUBLINGS_MAX))
}

/** The least loaded slot that has room, the lowest of equals. */
export function freeSlot(store: StateReader, params: ChainParams): number | undefined {
  for (let load = 0; load < params.slotPartitionsMax; load++) {
    const first = firstOf(tables.slotsByLoad.entries(store, [load]))
    if (first !== undefined) return keyNumber(first.parts[1])
  }
  return undefined
}

export function enterSlot(store: Store, slot: number, provider: ProviderId, partition: PartitionNumber): void {
  const load = loadOf(store, slot)
  tables.slotPartitions.put(store, slot, provider, partition, {})
  moveSlot(store, slot, load, load + 1)
  tables.slotsTaken.put(store, { partitions: slotsTaken(store) + 1 })
}

export function leaveSlot(store: Store, slot: number, provider: ProviderId, partition: PartitionNumber): void {
  const load = loadOf(store, slot)
  tables.slotPartitions.delete(store, slot, provider, partition)
  moveSlot(store, slot, load, load - 1)
  tables.slotsTaken.put(store, { partitions: slotsTaken(store) - 1 })
}

export interface DrawnSlots {
  /** Without repetitions. */
  readonly slots: readonly number[]
  /** How many swaps the permutation of the period has made by now. */
  readonly swaps: number
}

/**
 * The slots that are challenged at `epoch`: the next of the permutation, two of them while it is behind because earlier
 * epochs of the period were given up, and one drawn with replacement, so that nobody is safe for the rest of a period after
 * an answer. What the permutation still owes at the end of a period lapses.
 * @param made: swaps of the period through the epoch before @returns undefined when the epoch's randomness is not there
 */
export function drawSlots(
  store: Store,
  { provingPeriod }: Pick<ChainParams, 'provingPeriod'>,
  epoch: Epoch,
  made: number,
): DrawnSlots | undefined {
  const extra = drawBelow(store, 'EXTRA', epoch, provingPeriod)
  if (extra === undefined) return undefined
  const due = epochOfPeriod(provingPeriod, epoch) + 1
  const swaps = Math.min(due, made + 2)
  const slots = new Set<number>()
  for (let index = made; index < swaps; index++) slots.add(swap(store, provingPeriod, epoch, index, index - made))
  return { slots: [...slots.add(extra)], swaps }
}

/** @returns swaps made in the period of `epoch` before it, when those through the epoch before are `swaps` */
export function swapsBefore(
  { provingPeriod }: Pick<ChainParams, 'provingPeriod'>,
  epoch: Epoch,
  swaps: number,
): number {
  return epochOfPeriod(provingPeriod, epoch) === 0 ? 0 : swaps
}

export function partitionsInSlot(
  store: StateReader,
  slot: number,
): { provider: ProviderId; partition: PartitionNumber }[] {
  return [...tables.slotPartitions.entries(store, [slot])].map(({ parts }) => ({
    provider: keyNumber(parts[1]),
    partition: keyNumber(parts[2]),
  }))
}

function epochOfPeriod(provingPeriod: number, epoch: Epoch): number {
  return (epoch - 1) % provingPeriod
}

/** @returns the slot that is now at `index` of the permutation */
function swap(store: Store, provingPeriod: number, epoch: Epoch, index: number, turn: number): number {
  const period = Math.floor((epoch - 1) / provingPeriod)
  const offset = drawBelow(store, 'SLOT', epoch, provingPeriod - index, turn === 0 ? undefined : u64(turn))
  if (offset === undefined) throw new InvariantError(`the randomness of epoch ${epoch} is half there`)
  const drawn = permuted(store, period, index + offset)
  tables.permutation.put(store, index + offset, { period, slot: permuted(store, period, index) })
  tables.permutation.put(store, index, { period, slot: drawn })
  return drawn
}

/**
 * The slot at `index` of the permutation. An entry of an earlier period does not count: there this period has not swapped
 * yet.
 */
function permuted(store: StateReader, period: number, index: number): number {
  const entry = tables.permutation.get(store, index)
  return entry?.period === period ? entry.slot : index
}

function loadOf(store: StateReader, slot: number): number {
  return partitionsInSlot(store, slot).length
}

function moveSlot(store: Store, slot: number, from: number, to: number): void {
  tables.slotsByLoad.delete(store, from, slot)
  tables.slotsByLoad.put(store, to, slot, {})
}
