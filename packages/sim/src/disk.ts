/**
 * What a provider really stores, which the chain can only learn by sampling. A replica whose data was dropped or lost holds
 * its first leaves only: the chain's samples are spread evenly, so it does not matter which ones are missing.
 */
import type { Profile } from '@granary/proofs/profile'

export interface Disk {
  /** Sectors of which anything is held, in the order in which they came. */
  numbers(): readonly number[]
  store(sector: number, epoch: number): void
  /** Keeps that share of its leaves. 0: the replica is gone. */
  keep(sector: number, share: number, epoch: number): void
  isWhole(sector: number): boolean
  holds(sector: number, leaf: number): boolean
  /** Byte-epochs that were in use through `epoch`. */
  usage(epoch: number): bigint
}

export function createDisk({ nodes, sectorBytes }: Pick<Profile, 'nodes' | 'sectorBytes'>): Disk {
  const leavesHeld = new Map<number, number>()
  let used = 0
  let usage = 0n
  let countedThrough = 0

  function hold(sector: number, leaves: number, epoch: number): void {
    usage += BigInt(used) * BigInt(epoch - countedThrough)
    countedThrough = epoch
    const bytesPerLeaf = sectorBytes / nodes
    used += (leaves - (leavesHeld.get(sector) ?? 0)) * bytesPerLeaf
    if (leaves === 0) leavesHeld.delete(sector)
    else leavesHeld.set(sector, leaves)
  }

  return {
    numbers: () => [...leavesHeld.keys()],
    store: (sector, epoch) => hold(sector, nodes, epoch),
    keep: (sector, share, epoch) => {
      if (leavesHeld.has(sector)) hold(sector, Math.floor(nodes * share), epoch)
    },
    isWhole: (sector) => leavesHeld.get(sector) === nodes,
    holds: (sector, leaf) => leaf < (leavesHeld.get(sector) ?? 0),
    usage: (epoch) => usage + BigInt(used) * BigInt(epoch - countedThrough),
  }
}
