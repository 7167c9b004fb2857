/**
 * DepositCollateral: money of the sender becomes free collateral of a provider, its own or another's; a debt is paid
 * first.
 *
 * Signed by the account that pays, or a session key of it with that scope.
 * Costs its fee.
 * Refuses an amount of zero (AMOUNT_ZERO), or of more than the sender has (INSUFFICIENT_FUNDS).
 */
import { requireProvider } from '../access/require-provider.ts'
import { debit, freeCollateral } from '../money/ledger.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'

export const depositCollateral: Effect<'DepositCollateral'> = ({ store, sender, emit }, { provider, amount }) => {
  requireProvider(store, provider)
  if (amount === 0n) {
    throw new TxError('AMOUNT_ZERO', { message: 'a deposit of nothing', hint: 'name an amount above zero' })
  }
  debit(store, sender, amount)
  freeCollateral(store, provider, amount)
  emit({ type: 'collateral:deposited', provider, from: sender, amount: String(amount) })
}

export const depositCollateralClaims: Claims<'DepositCollateral'> = {
  outflow: (_, { amount }) => amount,
}
