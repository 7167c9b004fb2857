/** DepositCollateral: money of the sender becomes free collateral of a provider, its own or another's; a debt is paid first. */
import type { DepositCollateral } from '../../messages/index.ts'
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
