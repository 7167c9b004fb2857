/**
 * One transaction: its fee and its sequence are taken first and stay taken; what its message does stands in an overlay
 * that is dropped when the message fails. docs/spec/chain.md section 1.
 */
import type { Address, Hash, MessageName, TransactionName } from '../messages/index.ts'
import type { Admitted } from './admit.ts'
import type { BlockContext } from './context.ts'
import { applyMessage } from './effects.ts'
import { InvariantError, TxError, type TxErrorCode } from './errors.ts'
import type { ChainEvent } from './events.ts'
import { accountOf, burn, debit } from './ledger.ts'
import { createOverlay, type Store } from './store.ts'
import { tables } from './tables.ts'

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
  if (sessionKey !== undefined) spend(context.store, tx.sender, sessionKey, fee)

  const overlay = createOverlay(context.store)
  const events: ChainEvent[] = []
  const inner = { ...context, store: overlay, sender: tx.sender, emit: (event: ChainEvent) => void events.push(event) }
  try {
    const before = accountOf(overlay, tx.sender).balance
    applyMessage<TransactionName>(inner, tx)
    const spent = before - accountOf(overlay, tx.sender).balance
    if (sessionKey !== undefined && spent > 0n) spend(overlay, tx.sender, sessionKey, spent)
  } catch (error) {
    if (!(error instanceof TxError)) throw error
    const { code, message, hint, retryable } = error
    return { id, kind: tx.kind, code, message, hint, retryable, fee, events: [] }
  }
  overlay.commitTo(context.store)
  return { id, kind: tx.kind, code: 'OK', fee, events }
}

/** What leaves the account by a session key counts against its limit. */
function spend(store: Store, account: Address, publicKey: string, amount: bigint): void {
  const key = tables.sessionKeys.get(store, account, publicKey)
  if (key === undefined) throw new InvariantError(`session key 0x${publicKey} of ${account} is gone`)
  const spent = key.spent + amount
  if (spent > key.spendingLimit) {
    throw new TxError('SPENDING_LIMIT_REACHED', {
      message: `the session key would have spent ${spent} attoGRN, its limit is ${key.spendingLimit}`,
      hint: 'sign with the key of the account, or authorise the session key with a higher limit',
    })
  }
  tables.sessionKeys.put(store, account, publicKey, { ...key, spent })
}
