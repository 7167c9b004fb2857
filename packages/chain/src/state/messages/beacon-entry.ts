/**
 * BeaconEntry: brings the randomness of the epochs that ask for its round; or, as the last of its block, proves the time
 * of the block by a newer round that no epoch needs. Without a sender it can make no transaction fail, so a wrong one
 * makes the block invalid.
 *
 * Signed by the beacon's key alone; put in by the producer of a block, before all else.
 * Costs nothing.
 * Refuses a round that no epoch waits for and that the time of the block does not need, a signature that is not the
 * beacon's, more than four in a block and one for its time (BLOCK_INVALID).
 */
import type { BeaconEntry } from '@granary/protocol/messages'
import { isClockRound, proveTime } from '../proving/proven-time.ts'
import type { BlockContext } from '../store/context.ts'
import { BlockInvalidError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

/** More than one, so that those which were missed for a while come after all; each takes about 30 ms to verify. */
export const BEACON_ENTRIES_MAX = 4

export function isRoundWanted({ store }: Pick<BlockContext, 'store'>, round: number): boolean {
  return tables.wantedRounds.get(store, round) !== undefined
}

export function misplacedEntry(index: number): BlockInvalidError {
  return new BlockInvalidError(
    `item ${index} is a beacon's entry: at most ${BEACON_ENTRIES_MAX} of them stand before all else, and one more for the block's time`,
  )
}

export type DeliveredRound = 'randomness' | 'time'

/**
 * @param index: of the entry in its block
 * @returns what it was brought for; after one for the time of the block none may follow
 * @throws BlockInvalidError
 */
export function beaconEntry(context: BlockContext, { round, signature }: BeaconEntry, index: number): DeliveredRound {
  const { store, checks, genesis } = context
  const isRandomness = index < BEACON_ENTRIES_MAX && isRoundWanted(context, round)
  if (!isRandomness && !isClockRound(context, round)) {
    if (index >= BEACON_ENTRIES_MAX) throw misplacedEntry(index)
    throw new BlockInvalidError(`no epoch waits for beacon round ${round}, and the block's time does not need it`)
  }
  if (!checks.beacon(genesis.beacon.publicKey, round, signature)) {
    throw new BlockInvalidError(`beacon round ${round} is not signed by the beacon's key`)
  }
  proveTime(context, round)
  if (!isRandomness) return 'time'
  tables.wantedRounds.delete(store, round)
  tables.rounds.put(store, round, { signature })
  return 'randomness'
}
