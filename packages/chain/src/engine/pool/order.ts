/**
 * The order in which what waits is offered to a block. First answers to challenges, the earliest deadline first; what
 * stands before one in its lane has its deadline too, so that nothing holds an answer back. Then what else is of the
 * proving class, as it arrived. Then general messages in rounds: each account's first, then each one's second, and so on,
 * so that nobody waits behind all messages of another. A lane ends at the first that is not taken.
 */
import type { BlockRoom, CandidateOutcome } from '../../state/index.ts'
import type { PendingTx } from '../admission/pending-tx.ts'
import { laneKey, type Queues } from './queues.ts'

export interface Urgency {
  readonly tx: PendingTx
  /** The earliest of its own and of those behind it in its lane; infinite where there is no answer. */
  readonly deadline: number
  /** The partition of that answer, by which equal deadlines are told apart. */
  readonly provider: number
  readonly partition: number
}

export interface Turn {
  /** What a block is offered, one after the other, as long as something fits. */
  readonly candidates: Iterable<Uint8Array>
  /** What has been offered so far. */
  readonly offered: readonly PendingTx[]
  onOutcome(outcome: CandidateOutcome): void
}

export interface TurnParts {
  readonly queues: Queues
  readonly room: BlockRoom
  /** Of the fees of the block, in millionths. */
  readonly level: bigint
  /** What can be in no block leaves the pool. */
  refused(tx: PendingTx, reason: Extract<CandidateOutcome, { type: 'refused' }>['reason']): void
}

export function createTurn({ queues, room, level, refused }: TurnParts): Turn {
  const offered: PendingTx[] = []
  const stopped = new Set<string>()

  function* candidates(): Generator<Uint8Array> {
    for (const tx of inOrder(queues)) {
      if (stopped.has(laneKey(tx)) || queues.get(tx.id) !== tx) continue
      const isPaid = tx.class === 'proving' || tx.claim.level >= level
      if (!isPaid || !room.fits(loadOf(tx))) {
        stopped.add(laneKey(tx))
        continue
      }
      offered.push(tx)
      yield tx.bytes
    }
  }

  return {
    candidates: candidates(),
    offered,
    onOutcome(outcome) {
      const tx = offered.at(-1)!
      if (outcome.type === 'taken') {
        room.take(loadOf(tx))
        return
      }
      stopped.add(laneKey(tx))
      // Fees fall again when blocks are not full.
      if (outcome.type === 'refused' && outcome.reason.code !== 'FEE_TOO_LOW') refused(tx, outcome.reason)
    },
  }
}

/** Of each, in the order given, which keeps that of each lane. */
export function urgencies(txs: readonly PendingTx[]): Urgency[] {
  const earliest = new Map<string, Urgency>()
  const found = txs.toReversed().map((tx) => {
    const behind = earliest.get(laneKey(tx))
    const own = urgencyOf(tx)
    const urgency = behind !== undefined && isEarlier(behind, own) ? { ...behind, tx } : own
    earliest.set(laneKey(tx), urgency)
    return urgency
  })
  return found.reverse()
}

function* inOrder(queues: Queues): Generator<PendingTx> {
  const all = queues.all()
  const proving = urgencies(all.filter((tx) => tx.class === 'proving'))
  // Along a lane deadlines rise, and a sort that is stable keeps the order of those that are equal.
  const urgent = proving.filter(({ deadline }) => deadline < Number.POSITIVE_INFINITY)
  for (const { tx } of urgent.toSorted((a, b) => (isEarlier(a, b) ? -1 : isEarlier(b, a) ? 1 : 0))) yield tx
  for (const { tx, deadline } of proving) if (deadline === Number.POSITIVE_INFINITY) yield tx
  yield* inRounds(all.filter((tx) => tx.class === 'general'))
}

function* inRounds(txs: readonly PendingTx[]): Generator<PendingTx> {
  const byAccount = [...Map.groupBy(txs, ({ sender }) => sender).values()]
  for (let round = 0; byAccount.some((own) => round < own.length); round++) {
    for (const own of byAccount) {
      const tx = own[round]
      if (tx !== undefined) yield tx
    }
  }
}

function urgencyOf(tx: PendingTx): Urgency {
  const { subject } = tx.claim
  if (subject?.type !== 'answer') return { tx, deadline: Number.POSITIVE_INFINITY, provider: 0, partition: 0 }
  return { tx, deadline: subject.deadline, provider: subject.provider, partition: subject.partition }
}

function isEarlier(a: Urgency, b: Urgency): boolean {
  if (a.deadline !== b.deadline) return a.deadline < b.deadline
  if (a.provider !== b.provider) return a.provider < b.provider
  return a.partition < b.partition
}

function loadOf({ kind, bytes, units }: PendingTx): { kind: PendingTx['kind']; bytes: number; units: number } {
  return { kind, bytes: bytes.length, units }
}
