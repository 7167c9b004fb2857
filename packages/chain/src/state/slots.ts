/**
 * The slots of a proving period and the order in which they are challenged: a Fisher–Yates shuffle, one swap an epoch, so
 * that nobody knows the next slot before its epoch's randomness. docs/spec/chain.md section 3.
 */
import type { Epoch } from '../messages/index.ts'
import type { ChainParams } from './params.ts'
import { drawBelow } from './randomness.ts'
import type { StateReader, Store } from './store.ts'
import { firstOf, keyNumber } from './table.ts'
import { tables } from './tables.ts'

/** Slots start empty, all in the order of the lowest load. */
export function initSlots(store: Store, params: ChainParams): void {
  for (let slot = 0; slot < params.provingPeriod; slot++) tables.slotsByLoad.put(store, 0, slot, {})
}

/** The least loaded slot that has room, the lowest of equals. */
export function freeSlot(store: StateReader, params: ChainParams): number | undefined {
  for (let load = 0; load < params.slotPartitionsMax; load++) {
    const first = firstOf(tables.slotsByLoad.entries(store, [load]))
    if (first !== undefined) return keyNumber(first.parts[1])
  }
  return undefined
}

export function enterSlot(store: Store, slot: number, provider: number, partition: number): void {
  const load = loadOf(store, slot)
  tables.slotPartitions.put(store, slot, provider, partition, {})
  moveSlot(store, slot, load, load + 1)
}

export function leaveSlot(store: Store, slot: number, provider: number, partition: number): void {
  const load = loadOf(store, slot)
  tables.slotPartitions.delete(store, slot, provider, partition)
  moveSlot(store, slot, load, load - 1)
}

/**
 * The slots that are challenged at `epoch`: the next of the permutation, and one drawn with replacement, so that nobody is
 * safe for the rest of a period after an answer.
 * @returns undefined when the epoch's randomness is not there
 */
export function drawSlots(store: Store, params: ChainParams, epoch: Epoch): readonly number[] | undefined {
  const slots = params.provingPeriod
  const index = (epoch - 1) % slots
  const period = Math.floor((epoch - 1) / slots)
  const offset = drawBelow(store, 'SLOT', epoch, slots - index)
  const extra = drawBelow(store, 'EXTRA', epoch, slots)
  if (offset === undefined || extra === undefined) return undefined
  const drawn = permuted(store, period, index + offset)
  tables.permutation.put(store, index + offset, { period, slot: permuted(store, period, index) })
  tables.permutation.put(store, index, { period, slot: drawn })
  return extra === drawn ? [drawn] : [drawn, extra]
}

export function partitionsInSlot(store: StateReader, slot: number): { provider: number; partition: number }[] {
  return [...tables.slotPartitions.entries(store, [slot])].map(({ parts }) => ({
    provider: keyNumber(parts[1]),
    partition: keyNumber(parts[2]),
  }))
}

/** Entries of an earlier period are those of a permutation that has not moved yet. */
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
