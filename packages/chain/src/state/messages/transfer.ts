/**
 * Transfer: moves money from the sender to another account.
 *
 * Signed by the account, or a session key with that scope.
 * Costs its fee, and `accountFee` for an address without a record.
 * Refuses an amount of zero (AMOUNT_ZERO), or of more than the sender has (INSUFFICIENT_FUNDS).
 */
import { credit, debit } from '../money/ledger.ts'
import { accountFeeOf, payForAccount } from '../money/records-that-stay.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'

export const transfer: Effect<'Transfer'> = (context, { to, amount }) => {
  const { store, sender, emit } = context
  if (amount === 0n) {
    throw new TxError('AMOUNT_ZERO', { message: 'a transfer of nothing', hint: 'name an amount above zero' })
  }
  payForAccount(context, to)
  debit(store, sender, amount)
  credit(store, to, amount)
  emit({ type: 'transfer', from: sender, to, amount: String(amount) })
}

export const transferClaims: Claims<'Transfer'> = {
  outflow: ({ store, params }, { to, amount }) => amount + accountFeeOf(store, params, to),
}
