/** Where the randomness of the chain comes from: a local key on a devnet, or a drand network. */
import type { BeaconEntry } from '@granary/protocol/messages'

export interface BeaconSource {
  /** That round will be asked for: what takes time may begin. */
  want(round: number): void
  /** undefined while that round is not known: the block goes without, and a later one carries it. */
  entry(round: number): BeaconEntry | undefined
  /** The newest that is known; undefined where none proves the time. */
  newest(): BeaconEntry | undefined
}

/** Those that are there; asking for the others lets them come. */
export function knownEntries(beacon: BeaconSource, rounds: readonly number[]): BeaconEntry[] {
  return rounds.flatMap((round) => beacon.entry(round) ?? [])
}
