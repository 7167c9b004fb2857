/**
 * BeaconEntry: brings the randomness of the epochs that ask for its round. Without a sender it can make no transaction
 * fail, so a wrong one makes the block invalid.
 *
 * Signed by the beacon's key alone; put in by the producer of a block, before all else.
 * Costs nothing.
 * Refuses a round that no epoch waits for, a signature that is not the beacon's, more than four in a block
 * (BLOCK_INVALID).
 */
import type { BeaconEntry } from '../../messages/index.ts'
import type { BlockContext } from '../context.ts'
import { BlockInvalidError } from '../errors.ts'
import { tables } from '../tables.ts'

/** More than one, so that those which were missed for a while come after all; each takes about 30 ms to verify. */
export const BEACON_ENTRIES_MAX = 4

export function isRoundWanted({ store }: Pick<BlockContext, 'store'>, round: number): boolean {
  return tables.wantedRounds.get(store, round) !== undefined
}

/** @throws BlockInvalidError */
export function beaconEntry(context: BlockContext, { round, signature }: BeaconEntry): void {
  const { store, checks, genesis } = context
  if (!isRoundWanted(context, round)) throw new BlockInvalidError(`no epoch waits for beacon round ${round}`)
  if (!checks.beacon(genesis.beacon.publicKey, round, signature)) {
    throw new BlockInvalidError(`beacon round ${round} is not signed by the beacon's key`)
  }
  tables.wantedRounds.delete(store, round)
  tables.rounds.put(store, round, { signature })
}
