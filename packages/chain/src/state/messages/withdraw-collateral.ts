/**
 * WithdrawCollateral: free collateral of a provider, with what has vested by now, goes to its owner.
 *
 * Signed by the owner, or a session key with that scope, which a daemon's has not.
 * Costs its fee.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), an amount of zero (AMOUNT_ZERO), more than is free
 * (INSUFFICIENT_COLLATERAL): what is locked stays, and while there is a debt nothing is free.
 */
import { formatGrn } from '@granary/protocol/messages'
import { requireOwner, requireProvider } from '../access/require-provider.ts'
import { credit, writeProvider } from '../money/ledger.ts'
import { releaseVested } from '../money/vesting.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'

export const withdrawCollateral: Effect<'WithdrawCollateral'> = (context, { provider, amount }) => {
  const { store, sender, emit } = context
  requireOwner(context, provider)
  if (amount === 0n) {
    throw new TxError('AMOUNT_ZERO', { message: 'a withdrawal of nothing', hint: 'name an amount above zero' })
  }
  releaseVested(context, provider)
  const record = requireProvider(store, provider)
  if (record.collateralFree < amount) {
    throw new TxError('INSUFFICIENT_COLLATERAL', {
      message: `provider ${provider} has ${formatGrn(record.collateralFree)} of free collateral`,
      hint: 'withdraw what is free; sectors and deals free the rest when they are over',
      details: { provider, free: String(record.collateralFree), debt: String(record.debt) },
    })
  }
  writeProvider(store, provider, { ...record, collateralFree: record.collateralFree - amount })
  credit(store, sender, amount)
  emit({ type: 'collateral:withdrawn', provider, to: sender, amount: String(amount) })
}
