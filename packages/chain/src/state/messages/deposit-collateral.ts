/**
 * DepositCollateral: money of the sender becomes free collateral of a provider, its own or another's; a debt is paid
 * first.
 *
 * Signed by the account that pays, or a session key of it with that scope.
 * Costs its fee.
 * Refuses an amount of zero (AMOUNT_ZERO), or of more than the sender has (INSUFFICIENT_FUNDS).
 */
import type { DepositCollateral } from '@granary/protocol/messages'
import type { Effect } from '../context.ts'
import { TxError } from '../errors.ts'
import { debit, freeCollateral } from '../ledger.ts'
import { requireProvider } from '../require-provider.ts'

export const depositCollateral: Effect<DepositCollateral> = ({ store, sender, emit }, { provider, amount }) => {
  requireProvider(store, provider)
  if (amount === 0n) {
    throw new TxError('AMOUNT_ZERO', { message: 'a deposit of nothing', hint: 'name an amount above zero' })
  }
  debit(store, sender, amount)
  freeCollateral(store, provider, amount)
  emit({ type: 'collateral:deposited', provider, from: sender, amount: String(amount) })
}
