/**
 * For how long a sector has been proven. Nothing is written a sector when a challenge closes: a partition keeps the sum
 * of its faulted epochs, and a sector's own count follows from it and from the first challenge whose list held the sector.
 * docs/spec/chain.md section 3: a span reaches from one closed challenge (or the activation) to the next.
 */
import type { Epoch } from '../messages/index.ts'
import { InvariantError } from './errors.ts'
import { partitionOf } from './partitions.ts'
import { type FirstChallenge, type Placement, type Sector, tables } from './records.ts'
import type { StateReader } from './store.ts'
import { firstOf } from './table.ts'

/** The epoch through which it is known whether the sector was proven; its activation before its first closed challenge. */
export function decidedThrough(store: StateReader, provider: number, sector: Sector): Epoch {
  const { partition, activatedAt } = placementOf(sector)
  if (sector.status === 'ended') return sector.expiry
  const { closedEpoch, closedFrozenAt } = partitionOf(store, provider, partition)
  return activatedAt <= closedFrozenAt ? closedEpoch : activatedAt
}

/** Faulted epochs from the activation through `epoch`, which must be decided. */
export function faultedThrough(store: StateReader, provider: number, sector: Sector, epoch: Epoch): number {
  const { partition, activatedAt } = placementOf(sector)
  if (epoch <= activatedAt) return 0
  const first = firstChallengeOf(store, provider, partition, activatedAt)
  if (epoch <= first.epoch) return first.missed ? epoch - activatedAt : 0
  const [tail] = sector.tail
  const listedThrough = tail === undefined ? epoch : Math.min(epoch, tail.from)
  const own = first.missed ? first.epoch - activatedAt : 0
  const shared =
    partitionFaults(store, provider, partition, listedThrough) -
    partitionFaults(store, provider, partition, first.epoch)
  const tailFaults = tail === undefined || tail.proven ? 0 : epoch - listedThrough
  return own + shared + tailFaults
}

export function placementOf(sector: Sector): Placement {
  const [placement] = sector.placement
  if (placement === undefined) throw new InvariantError('a sector that was never proven has no span')
  return placement
}

function firstChallengeOf(store: StateReader, provider: number, partition: number, activatedAt: Epoch): FirstChallenge {
  const after: [number, number, number] = [provider, partition, activatedAt - 1]
  const entry = firstOf(tables.firstChallenges.entries(store, [provider, partition], after))
  if (entry === undefined) throw new InvariantError(`partition ${partition} has lost its first challenge`)
  return entry.value
}

/** Faulted epochs of the partition through `epoch`. */
function partitionFaults(store: StateReader, provider: number, partition: number, epoch: Epoch): number {
  const after: [number, number, number] = [provider, partition, epoch - 1]
  const span = firstOf(tables.faultedSpans.entries(store, [provider, partition], after))
  if (span === undefined) return partitionOf(store, provider, partition).faultedEpochs
  const { start, before } = span.value
  return before + Math.max(0, epoch - start)
}
