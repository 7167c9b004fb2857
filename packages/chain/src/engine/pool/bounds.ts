/**
 * Bounds: how much may wait, of one account and in all. When a class is full, who can pay a level of fees an eighth higher enters in
 * place of who can pay least, the last of its lane; an answer to a challenge enters in place of what is no answer, or of a
 * later deadline. Everything is decided before anything leaves.
 */

import type { PendingTx, Room } from '../admission/pending-tx.ts'
import { MempoolFullError } from '../errors.ts'
import { AlreadyPendingError, LaneClassError, ReplacementTooLowError } from './errors.ts'
import { urgencies } from './order.ts'
import { laneKey, leastLevel, type Queues } from './queues.ts'

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
  // A proof has no price to raise.
  const isHigher = isEighthAbove(tx.claim.level, replaced.claim.level)
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

interface CheapLane {
  readonly txs: PendingTx[]
  readonly level: bigint
}

/**
 * General messages that pay less than the newcomer can, by an eighth as with a replacement: the lowest level first and of
 * each lane the last first. A newcomer that pays too little is seen to at the first lane.
 */
function* cheaper(tx: PendingTx, queues: Queues, gone: ReadonlySet<PendingTx>): Generator<PendingTx> {
  const rest = queues.lane(tx.sender, tx.lane).filter((each) => !gone.has(each) && each.sequence < tx.sequence)
  const level = leastLevel([...rest, tx])
  const lanes = queues.lanesFromLowest()
  // Of those something has left already, or is leaving: the lowest level last.
  const begun: CheapLane[] = []
  let next = nextWhole()
  for (;;) {
    const first = begun.at(-1)
    const isBegun = first !== undefined && (next === undefined || first.level <= next.level)
    const lowest = isBegun ? first : next
    if (lowest === undefined || !isEighthAbove(level, lowest.level)) return
    if (isBegun) begun.pop()
    else next = nextWhole()
    yield lowest.txs.pop()!
    begin(lowest.txs)
  }

  function begin(txs: PendingTx[]): void {
    if (txs.length === 0) return
    const lane = { txs, level: leastLevel(txs) }
    begun.splice(begun.findLastIndex((each) => each.level >= lane.level) + 1, 0, lane)
  }

  function nextWhole(): CheapLane | undefined {
    for (let each = lanes.next(); each.done !== true; each = lanes.next()) {
      if (laneKey(each.value[0]!) === laneKey(tx)) continue
      const txs = each.value.filter((other) => !gone.has(other))
      if (txs.length === each.value.length) return { txs, level: leastLevel(txs) }
      begin(txs)
    }
    return undefined
  }
}

/** So that it is worth the work of taking it. */
function isEighthAbove(level: bigint, other: bigint): boolean {
  return 8n * level >= 9n * other
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
