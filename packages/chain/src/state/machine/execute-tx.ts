/**
 * One transaction: its fee and its sequence are taken first and stay taken; what its message does stands in an overlay
 * that is dropped when the message fails. docs/spec/chain.md section 1.
 */

import type { ChainEvent } from '@granary/protocol/events'
import type { Hash, MessageName, TransactionName } from '@granary/protocol/messages'
import { holdingsOf, spendByKey, spentBy } from '../access/spending.ts'
import { burn, debit } from '../money/ledger.ts'
import type { BlockContext } from '../store/context.ts'
import { TxError, type TxErrorCode } from '../store/errors.ts'
import { createOverlay } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import type { Admitted } from './admit.ts'
import { applyMessage } from './effects.ts'

export interface TxResult {
  /** null for the beacon's entry. */
  readonly id: Hash | null
  readonly kind: MessageName
  /** OK, or the code of the error that made it fail. */
  readonly code: 'OK' | TxErrorCode
  readonly message?: string
  readonly hint?: string
  /** Of the error: the same message may succeed later. */
  readonly retryable?: boolean
  readonly fee: bigint
  readonly events: readonly ChainEvent[]
}

export function executeTx(context: BlockContext, admitted: Admitted): TxResult {
  const { tx, id, fee, sessionKey } = admitted
  debit(context.store, tx.sender, fee)
  burn(context.store, fee)
  tables.lanes.put(context.store, tx.sender, tx.lane, { next: tx.sequence + 1 })
  if (sessionKey !== undefined) spendByKey(context.store, tx.sender, sessionKey, fee)

  const overlay = createOverlay(context.store)
  const events: ChainEvent[] = []
  const inner = { ...context, store: overlay, sender: tx.sender, emit: (event: ChainEvent) => void events.push(event) }
  try {
    const before = holdingsOf(overlay, tx)
    applyMessage<TransactionName>(inner, tx)
    if (sessionKey !== undefined)
      spendByKey(overlay, tx.sender, sessionKey, spentBy(tx, before, holdingsOf(overlay, tx), context.height))
  } catch (error) {
    if (!(error instanceof TxError)) throw error
    const { code, message, hint, retryable } = error
    return { id, kind: tx.kind, code, message, hint, retryable, fee, events: [] }
  }
  overlay.commitTo(context.store)
  return { id, kind: tx.kind, code: 'OK', fee, events }
}
