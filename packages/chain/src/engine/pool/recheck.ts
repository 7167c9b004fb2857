/**
 * What a new head has made impossible: looked at is only what the block has written, and whose time is over. Nothing is
 * executed again; what else has become wrong is found when a block is prepared.
 */
import type { Epoch } from '@granary/protocol/messages'
import type { Senders, Touched } from '../../state/index.ts'
import type { Dropped, PendingTx, PoolReason } from '../admission/pending-tx.ts'
import { uncovered } from './cover.ts'
import type { Queues } from './queues.ts'

export interface RecheckParts {
  readonly queues: Queues
  readonly senders: Senders
  readonly refusal: (tx: PendingTx, before: number) => PoolReason | undefined
  readonly touched: Touched
  /** The epoch of the next block. */
  readonly next: Epoch
}

const EXPIRED: PoolReason = {
  code: 'TX_EXPIRED',
  message: 'it, or its session key, was valid until a block that has passed',
  hint: 'sign it anew',
}

const TAKEN: PoolReason = {
  code: 'SEQUENCE_TOO_LOW',
  message: 'a block has another of its lane and sequence',
  hint: 'read the sequence of its lane again and send it anew',
}

const KEY_CHANGED: PoolReason = {
  code: 'KEY_NOT_AUTHORIZED',
  message: 'its session key may not sign it any more',
  hint: 'sign it with a key that may',
}

const UNCOVERED: PoolReason = {
  code: 'INSUFFICIENT_FUNDS',
  message: 'the account has less than all that waits could cost',
  hint: 'send money to the account and send it anew',
}

const LIMIT_REACHED: PoolReason = {
  code: 'SPENDING_LIMIT_REACHED',
  message: 'its session key may spend less than all that waits could cost',
  hint: 'wait for the blocks of what it has sent, or authorise it again with a higher limit',
}

export function recheck({ queues, senders, refusal, touched, next }: RecheckParts): Dropped[] {
  const dropped: Dropped[] = []
  const drop = (txs: readonly PendingTx[], reason: PoolReason): void => {
    for (const tx of txs) dropped.push(...queues.drop(tx, reason))
  }
  drop(
    queues.all().filter(({ claim }) => claim.validUntil < next),
    EXPIRED,
  )
  for (const { account, lane } of touched.lanes) {
    const sequence = senders.nextSequence(account, lane)
    const [head] = queues.lane(account, lane)
    if (head !== undefined && head.sequence !== sequence) drop([head], TAKEN)
  }
  for (const { account, publicKey } of touched.keys) {
    const key = senders.key(account, publicKey)
    const own = queues.account(account).filter(({ claim }) => claim.sessionKey === publicKey)
    drop(
      own.filter(({ kind }) => key === undefined || key.expires < next || !key.scopes.includes(kind)),
      KEY_CHANGED,
    )
    drop(uncovered(account, publicKey, { queues, senders }), LIMIT_REACHED)
  }
  for (const account of touched.accounts) drop(uncovered(account, undefined, { queues, senders }), UNCOVERED)
  dropped.push(...recheckPartitions({ queues, refusal, touched }))
  return dropped
}

/** Answers, declarations and requests about a partition that has changed: a few, each checked as when it came. */
function recheckPartitions({
  queues,
  refusal,
  touched,
}: Pick<RecheckParts, 'queues' | 'refusal' | 'touched'>): Dropped[] {
  if (touched.partitions.length === 0) return []
  const changed = new Set(touched.partitions.map(({ provider, partition }) => `${provider}/${partition}`))
  return queues.all().flatMap((tx) => {
    const { subject } = tx.claim
    if (subject === undefined || subject.type === 'seal') return []
    if (!changed.has(`${subject.provider}/${subject.partition}`)) return []
    const before = queues.lane(tx.sender, tx.lane).filter(({ sequence }) => sequence < tx.sequence).length
    const reason = refusal(tx, before)
    return reason === undefined ? [] : queues.drop(tx, reason)
  })
}
