/**
 * A message that withdraws, changes or replaces a session key stands above what that key has signed: its general messages
 * leave, and others of it are refused until that message is in a block. Its proofs stay and are taken: of one challenge
 * there is one, so they cannot be multiplied, and a daemon whose key is renewed must not miss a window.
 */

import type { PendingTx, PoolReason } from '../admission/pending-tx.ts'
import { KeyChangingError } from './errors.ts'
import type { Queues } from './queues.ts'

export interface KeyChanges {
  /** @throws KeyChangingError */
  check(tx: PendingTx): void
  /** The messages that leave the pool when this one is taken. Those before it in its own lane stay: it waits for them. */
  withdraws(tx: PendingTx): PendingTx[]
  readonly reason: PoolReason
}

export function createKeyChanges(queues: Queues): KeyChanges {
  return {
    check({ sender, class: txClass, claim: { sessionKey } }) {
      if (txClass === 'proving' || sessionKey === undefined) return
      const isChanging = queues.account(sender).some(({ claim }) => claim.changedKeys.includes(sessionKey))
      if (isChanging) throw new KeyChangingError(sessionKey)
    },
    withdraws(tx) {
      const { changedKeys } = tx.claim
      if (changedKeys.length === 0) return []
      return queues
        .account(tx.sender)
        .filter((each) => each.class === 'general' && each.lane !== tx.lane)
        .filter(({ claim: { sessionKey } }) => sessionKey !== undefined && changedKeys.includes(sessionKey))
    },
    reason: {
      code: 'KEY_CHANGING',
      message: 'its session key is withdrawn or changed',
      hint: 'send it again by the key that is authorised then',
    },
  }
}
