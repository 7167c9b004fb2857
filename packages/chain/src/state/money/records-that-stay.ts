/**
 * A record that stays for ever costs its sender: burnt beside the message's fee, when a message names it. Nothing else pays
 * it, so what a payout or a refund credits never fails. docs/spec/chain.md section 4.
 */
import type { Address } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import type { TxContext } from '../store/context.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { burn, debit, writeAccount } from './ledger.ts'

/** What it would cost to name the address. */
export function accountFeeOf(store: StateReader, { accountFee }: ChainParams, address: Address): bigint {
  return tables.accounts.get(store, address) === undefined ? accountFee : 0n
}

/** @throws TxError INSUFFICIENT_FUNDS */
export function payForRecord({ store, sender }: TxContext, fee: bigint): void {
  debit(store, sender, fee)
  burn(store, fee)
}

/** An address without a record has one from now on, with nothing in it. @throws TxError INSUFFICIENT_FUNDS */
export function payForAccount(context: TxContext, address: Address): void {
  const { store, params } = context
  if (tables.accounts.get(store, address) !== undefined) return
  payForRecord(context, params.accountFee)
  writeAccount(store, address, { balance: 0n, escrow: 0n })
}
