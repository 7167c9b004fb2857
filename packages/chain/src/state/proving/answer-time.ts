/**
 * The time in which an answer proves something: past 0.2 × T_min since its randomness was public, a replica could have been
 * made anew. An insecure profile has no such bound. docs/spec/chain.md section 3, Void.
 */
import type { Epoch } from '@granary/protocol/messages'
import type { EpochRecord, OpenChallenge, Partition } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { roundTimeMs } from './beacon.ts'
import { allowedProfile, answerTimeMaxMs, RESPONSE_WINDOW_MIN } from './response-window.ts'

type Drawn = Pick<OpenChallenge, 'epoch' | 'openedAt'>

/** Whether an answer in this block comes too late to prove anything. */
export function isTooLate(context: BlockContext, partition: Partition, open: Drawn): boolean {
  return isPast(context, partition, open, context.timeMs)
}

/**
 * Whether nobody could have answered: fewer than five blocks came in time. If five could have carried the answer, its lack
 * is a miss however late the other blocks were. Otherwise whoever makes the blocks could spare itself the answer by one
 * late block.
 */
export function isVoid(context: BlockContext, partition: Partition, open: Drawn): boolean {
  return isPast(context, partition, open, epochOf(context, open.openedAt + RESPONSE_WINDOW_MIN).timeMs)
}

function isPast(context: BlockContext, partition: Partition, { epoch }: Drawn, timeMs: number): boolean {
  const profile = allowedProfile(context.params, partition.profile)
  const maxMs = profile === undefined ? undefined : answerTimeMaxMs(profile)
  return maxMs !== undefined && timeMs - roundTimeMs(context.genesis, epochOf(context, epoch).round) > maxMs
}

/** The record of an epoch, which must still be kept: see `roundsKept`. */
export function epochOf({ store }: Pick<BlockContext, 'store'>, epoch: Epoch): EpochRecord {
  const record = tables.epochs.get(store, epoch)
  if (record === undefined) throw new InvariantError(`epoch ${epoch} is no longer on record`)
  return record
}
