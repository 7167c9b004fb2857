/**
 * Whoever sends a message that makes a record which stays for ever burns a fee for it, beside the fee of the message.
 * Nobody else ever pays that, so that crediting a payout or a refund never fails. docs/spec/chain.md section 4.
 */
import type { Address } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import type { TxContext } from '../store/context.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { burn, debit, writeAccount } from './ledger.ts'

/** What naming the address costs: nothing if it has a record already. */
export function accountFeeOf(store: StateReader, { accountFee }: ChainParams, address: Address): bigint {
  return tables.accounts.get(store, address) === undefined ? accountFee : 0n
}

/** @throws TxError INSUFFICIENT_FUNDS */
export function payForRecord({ store, sender }: TxContext, fee: bigint): void {
  debit(store, sender, fee)
  burn(store, fee)
}

/** Gives an address without a record an empty one, for the fee. @throws TxError INSUFFICIENT_FUNDS */
export function payForAccount(context: TxContext, address: Address): void {
  const { store, params } = context
  if (tables.accounts.get(store, address) !== undefined) return
  payForRecord(context, params.accountFee)
  writeAccount(store, address, { balance: 0n, escrow: 0n })
}
