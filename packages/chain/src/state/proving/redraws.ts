/**
 * Partitions whose challenge was void are drawn again: a few each epoch, at random and without replacement. If the order
 * were fixed, the last of them would know their draw early enough to seal anew; if all were drawn at once, honest answers
 * would not find room. docs/spec/chain.md section 3.
 */
import type { Epoch } from '@granary/protocol/messages'
import type { Redraw } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { partitionOf, writePartition } from './partitions.ts'
import { drawBelow, u64 } from './randomness.ts'

/** An epoch draws as many again as a slot holds at most. */
const redrawsPerEpoch = ({ params }: BlockContext): number => params.slotPartitionsMax

export function addRedraw(context: BlockContext, place: Redraw): void {
  const { store } = context
  const count = redrawCount(store)
  tables.redraws.put(store, count, place)
  tables.redrawCount.put(store, { count: count + 1 })
  setPlace(context, place, count)
}

/** Takes a partition out of the set, if it is there. The last of the array moves into the hole. */
export function removeRedraw(context: BlockContext, { provider, partition }: Redraw): void {
  const { store } = context
  const { redraw: hole } = partitionOf(store, provider, partition)
  if (hole === undefined) return
  const last = redrawCount(store) - 1
  const moved = redrawAt(store, last)
  tables.redraws.delete(store, last)
  tables.redrawCount.put(store, { count: last })
  if (last !== hole) {
    tables.redraws.put(store, hole, moved)
    setPlace(context, moved, hole)
  }
  setPlace(context, { provider, partition }, undefined)
}

/** Draws the partitions of an epoch, whose randomness must be there, and takes them out of the set. */
export function takeRedraws(context: BlockContext, epoch: Epoch): readonly Redraw[] {
  const { store } = context
  const taken: Redraw[] = []
  for (let index = 0; index < redrawsPerEpoch(context); index++) {
    const count = redrawCount(store)
    if (count === 0) break
    const drawn = drawBelow(store, 'REDRAW', epoch, count, u64(index))
    if (drawn === undefined) throw new InvariantError(`epoch ${epoch} has no randomness to draw from`)
    const place = redrawAt(store, drawn)
    removeRedraw(context, place)
    taken.push(place)
  }
  return taken
}

function redrawCount(store: StateReader): number {
  return tables.redrawCount.get(store)?.count ?? 0
}

function redrawAt(store: StateReader, index: number): Redraw {
  const place = tables.redraws.get(store, index)
  if (place === undefined) throw new InvariantError(`nothing is to be drawn again at ${index}`)
  return place
}

function setPlace(context: BlockContext, { provider, partition }: Redraw, redraw: number | undefined): void {
  const record = partitionOf(context.store, provider, partition)
  writePartition(context, provider, partition, { ...record, redraw })
}
