/**
 * Transfer: moves money from the sender to another account.
 *
 * Signed by the account, or a session key with that scope.
 * Costs its fee.
 * Refuses an amount of zero (AMOUNT_ZERO), or of more than the sender has (INSUFFICIENT_FUNDS).
 */
import type { Transfer } from '../../messages/index.ts'
import type { Effect } from '../context.ts'
import { TxError } from '../errors.ts'
import { credit, debit } from '../ledger.ts'

export const transfer: Effect<Transfer> = ({ store, sender, emit }, { to, amount }) => {
  if (amount === 0n) {
    throw new TxError('AMOUNT_ZERO', { message: 'a transfer of nothing', hint: 'name an amount above zero' })
  }
  debit(store, sender, amount)
  credit(store, to, amount)
  emit({ type: 'transfer', from: sender, to, amount: String(amount) })
}
