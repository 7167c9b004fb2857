/**
 * Bounds: how much may wait, of one account and in all. When a class is full, who can pay a higher level of fees enters in
 * place of who can pay least, the last of its lane; an answer to a challenge enters in place of what is no answer, or of a
 * later deadline. Everything is decided before anything leaves.
 */
import { lesser } from '../../state/lesser.ts'
import { MempoolFullError } from '../errors.ts'
import { AlreadyPendingError, LaneClassError, ReplacementTooLowError } from './errors.ts'
import { urgencies } from './order.ts'
import type { PendingTx, Room } from './pending-tx.ts'
import { laneKey, type Queues } from './queues.ts'

/** Of each class, in blocks: of general messages those of their half. */
const BLOCKS = 8
const ACCOUNT_TXS_MAX = 64
/** Of the bytes of all general messages. */
const ACCOUNT_SHARE = 1 / 4

/** @throws LaneClassError, AlreadyPendingError, ReplacementTooLowError */
export function checkPlace(tx: PendingTx, replaced: PendingTx | undefined, queues: Queues): void {
  const [head] = queues.lane(tx.sender, tx.lane)
  if (head !== undefined && head.class !== tx.class) throw new LaneClassError(tx, head.class)
  const same = queues.sameSubject(tx)
  if (same !== undefined && same !== replaced) throw new AlreadyPendingError(same)
  if (replaced === undefined) return
  // A level up by an eighth, so that it is worth the work of taking it; a proof has no price to raise.
  const isHigher = 8n * tx.claim.level >= 9n * replaced.claim.level
  if (tx.class === 'proving' || !isHigher) throw new ReplacementTooLowError(tx, replaced)
}

/**
 * @param block the bytes and units of one
 * @returns those that leave for it
 * @throws MempoolFullError
 */
export function roomFor(
  tx: PendingTx,
  leaving: readonly PendingTx[],
  { queues, block }: { readonly queues: Queues; readonly block: Room },
): PendingTx[] {
  if (tx.class === 'general') checkAccount(tx, leaving, { queues, block })
  const limit = limitOf(tx, block)
  const need = {
    bytes: queues.used(tx.class).bytes + tx.bytes.length - limit.bytes,
    units: queues.used(tx.class).units + tx.units - limit.units,
  }
  const free = (each: PendingTx): void => {
    need.bytes -= each.bytes.length
    need.units -= each.units
  }
  for (const each of leaving) if (each.class === tx.class) free(each)
  const expelled: PendingTx[] = []
  if (need.bytes <= 0 && need.units <= 0) return expelled
  const gone = new Set(leaving)
  const candidates = tx.class === 'general' ? cheaper(tx, queues, gone) : lessUrgent(tx, queues)
  for (const each of candidates) {
    if (need.bytes <= 0 && need.units <= 0) break
    if (gone.has(each)) continue
    gone.add(each)
    expelled.push(each)
    free(each)
  }
  if (need.bytes > 0 || need.units > 0) throw new MempoolFullError('too many transactions are', queues.size)
  return expelled
}

function limitOf(tx: PendingTx, block: Room): Room {
  const blocks = tx.class === 'general' ? BLOCKS / 2 : BLOCKS
  return { bytes: blocks * block.bytes, units: blocks * block.units }
}

function checkAccount(
  tx: PendingTx,
  leaving: readonly PendingTx[],
  { queues, block }: { readonly queues: Queues; readonly block: Room },
): void {
  const own = queues.usedBy(tx.sender)
  const general = own.general - leaving.length
  const bytes = own.generalBytes - leaving.reduce((sum, each) => sum + each.bytes.length, 0)
  if (general >= ACCOUNT_TXS_MAX)
    throw new MempoolFullError('too many transactions of this account are', ACCOUNT_TXS_MAX)
  const bytesMax = ACCOUNT_SHARE * limitOf(tx, block).bytes
  if (bytes + tx.bytes.length > bytesMax) throw new MempoolFullError('too many bytes of this account are', bytesMax)
}

/** General messages that pay less than the newcomer can, the lowest level first and of each lane the last first. */
function* cheaper(tx: PendingTx, queues: Queues, gone: ReadonlySet<PendingTx>): Generator<PendingTx> {
  const own = laneKey(tx)
  const rest = queues.lane(tx.sender, tx.lane).filter((each) => !gone.has(each) && each.sequence < tx.sequence)
  const level = leastLevel([...rest, tx])
  const lanes = new Map<string, PendingTx[]>()
  for (const each of queues.all()) {
    if (each.class !== 'general' || laneKey(each) === own || gone.has(each)) continue
    lanes.set(laneKey(each), [...(lanes.get(laneKey(each)) ?? []), each])
  }
  const ranked = [...lanes.values()].map((lane) => ({ lane, level: leastLevel(lane) }))
  ranked.sort((a, b) => (a.level < b.level ? 1 : a.level > b.level ? -1 : 0))
  for (;;) {
    const lowest = ranked.pop()
    if (lowest === undefined || lowest.level >= level) return
    const last = lowest.lane.pop()!
    yield last
    if (lowest.lane.length === 0) continue
    const next = { lane: lowest.lane, level: leastLevel(lowest.lane) }
    const at = ranked.findLastIndex((each) => each.level >= next.level)
    ranked.splice(at + 1, 0, next)
  }
}

/** What a lane can pay is the least in it: behind one that cannot pay nothing is taken. */
function leastLevel(lane: readonly PendingTx[]): bigint {
  return lane.map(({ claim }) => claim.level).reduce(lesser)
}

/** What an answer may expel: first what is no answer, the newest first; then answers of a later deadline, the latest first. */
function* lessUrgent(tx: PendingTx, queues: Queues): Generator<PendingTx> {
  const { subject } = tx.claim
  if (subject?.type !== 'answer') return
  const own = laneKey(tx)
  const others = urgencies(queues.all().filter((each) => each.class === 'proving' && laneKey(each) !== own))
  const none = others.filter(({ deadline }) => deadline === Number.POSITIVE_INFINITY)
  for (const each of none.toReversed()) yield each.tx
  const later = others.filter(({ deadline }) => deadline > subject.deadline && deadline < Number.POSITIVE_INFINITY)
  for (const each of later.toSorted((a, b) => b.deadline - a.deadline)) yield each.tx
}
