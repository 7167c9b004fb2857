/**
 * Cover: what an account and its session keys have promised never exceeds what they have. The sum of all claims that wait
 * stays within the balance, that of a key's within what its limit leaves; so what waits stays payable, and nobody fills a
 * pool with messages that cost nothing in the end. A proof is covered first.
 */
import { formatGrn } from '@granary/protocol/messages'
import type { Senders } from '../../state/index.ts'
import type { PendingTx } from '../admission/pending-tx.ts'
import { ClaimNotCoveredError } from './errors.ts'
import { claimOn, type Queues } from './queues.ts'

/**
 * @param replaced the one whose place it takes
 * @returns the general messages that leave so that a proof is covered, the newest first
 * @throws ClaimNotCoveredError
 */
export function coverFor(
  tx: PendingTx,
  replaced: PendingTx | undefined,
  { queues, senders }: { readonly queues: Queues; readonly senders: Senders },
): PendingTx[] {
  const { sender, claim } = tx
  const leaving = new Set<PendingTx>()
  const lack = (sessionKey?: string): bigint => {
    const gone = [...leaving, ...(replaced === undefined ? [] : [replaced])]
      .filter((each) => sessionKey === undefined || each.claim.sessionKey === sessionKey)
      .reduce((sum, each) => sum + claimOn(each, sessionKey), 0n)
    const has = sessionKey === undefined ? senders.balance(sender) : (senders.key(sender, sessionKey)?.left ?? 0n)
    return queues.claimed(sender, sessionKey) - gone + claimOn(tx, sessionKey) - has
  }
  for (const sessionKey of [undefined, ...(claim.sessionKey === undefined ? [] : [claim.sessionKey])]) {
    const mayLeave =
      tx.class === 'proving' ? generalOf(queues, tx, sessionKey).filter((each) => !leaving.has(each)) : []
    for (const newest of mayLeave.toReversed()) {
      if (lack(sessionKey) <= 0n) break
      for (const each of withTail(queues, newest)) leaving.add(each)
    }
    if (lack(sessionKey) > 0n) throw notCovered(tx, sessionKey, lack(sessionKey))
  }
  return [...leaving]
}

/** Those that leave when an account, or a key of it, has less than what waits claims: the newest, proofs last. */
export function uncovered(
  account: PendingTx['sender'],
  sessionKey: string | undefined,
  { queues, senders }: { readonly queues: Queues; readonly senders: Senders },
): PendingTx[] {
  const has = sessionKey === undefined ? senders.balance(account) : (senders.key(account, sessionKey)?.left ?? 0n)
  let lack = queues.claimed(account, sessionKey) - has
  if (lack <= 0n) return []
  const own = queues.account(account).filter((tx) => sessionKey === undefined || tx.claim.sessionKey === sessionKey)
  const newest = own.toReversed()
  const leaving: PendingTx[] = []
  for (const tx of [...newest.filter(isGeneral), ...newest.filter((each) => !isGeneral(each))]) {
    if (lack <= 0n) break
    leaving.push(tx)
    lack -= claimOn(tx, sessionKey)
  }
  return leaving
}

function isGeneral(tx: PendingTx): boolean {
  return tx.class === 'general'
}

function generalOf(queues: Queues, { sender }: PendingTx, sessionKey: string | undefined): PendingTx[] {
  return queues
    .account(sender)
    .filter((tx) => isGeneral(tx) && (sessionKey === undefined || tx.claim.sessionKey === sessionKey))
}

function withTail(queues: Queues, tx: PendingTx): PendingTx[] {
  return queues.lane(tx.sender, tx.lane).filter(({ sequence }) => sequence >= tx.sequence)
}

function notCovered({ sender }: PendingTx, sessionKey: string | undefined, lack: bigint): ClaimNotCoveredError {
  if (sessionKey === undefined) {
    return new ClaimNotCoveredError('INSUFFICIENT_FUNDS', {
      message: `${sender} lacks ${formatGrn(lack)} for all that it has waiting and this, each with its maxFee`,
      hint: 'send money to the account, wait for the blocks of what it has sent, or sign a smaller maxFee',
    })
  }
  return new ClaimNotCoveredError('SPENDING_LIMIT_REACHED', {
    message: `the session key 0x${sessionKey} lacks ${formatGrn(lack)} of its limit for all that it has waiting and this`,
    hint: 'wait for the blocks of what it has sent, or authorise it again with a higher limit',
  })
}
