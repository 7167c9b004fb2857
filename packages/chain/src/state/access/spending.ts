/**
 * What counts against the limit of a session key: all that its messages take out of the account's hands. That is what
 * leaves its balance; of the collateral of its providers what they lock, burn or owe more than before, and withdraw; and
 * the collateral that terms lock which the key has signed; and what a standing order that it publishes may cost. docs/spec/chain.md section 1.
 */
import { type Address, type Epoch, formatGrn, orderPriceMax, type Transaction } from '@granary/protocol/messages'
import type { SessionKey } from '@granary/protocol/records'
import { accountOf, totalsOf } from '../money/ledger.ts'
import { InvariantError, TxError } from '../store/errors.ts'
import type { StateReader, Store } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/** The amounts that a message may move, as they are before it or after it. */
export interface Holdings {
  readonly balance: bigint
  readonly escrow: bigint
  /** Of the provider that the message is about: what is locked, and owed. */
  readonly locked: bigint
  readonly debt: bigint
  readonly burnt: bigint
}

export function holdingsOf(store: StateReader, { sender, body }: Transaction): Holdings {
  const { balance, escrow } = accountOf(store, sender)
  const provider = 'provider' in body ? tables.providers.get(store, body.provider) : undefined
  const { collateralLocked: locked = 0n, debt = 0n } = provider ?? {}
  return { balance, escrow, locked, debt, burnt: totalsOf(store).burnt }
}

/** What the message has taken, without its fee, and of standing orders what they may take later. */
export function spentBy(tx: Transaction, before: Holdings, after: Holdings, height: Epoch): bigint {
  switch (tx.kind) {
    case 'PreCommitSectors':
      return positive(after.locked - before.locked)
    case 'TerminateSectors':
    case 'DeclareFaults':
    case 'SubmitPost':
      return positive(after.burnt + after.debt - before.burnt - before.debt)
    case 'WithdrawCollateral':
      return tx.body.amount
    case 'CancelDeal':
      return positive(before.balance + before.escrow - after.balance - after.escrow)
    case 'PublishDeal': {
      const ordered = tx.body.deals.reduce((sum, { terms }) => sum + orderPriceMax(terms, height), 0n)
      return positive(before.balance - after.balance) + ordered
    }
    default:
      return positive(before.balance - after.balance)
  }
}

/** @throws TxError SPENDING_LIMIT_REACHED */
export function spendByKey(store: Store, account: Address, publicKey: string, amount: bigint): void {
  if (amount === 0n) return
  const key = tables.sessionKeys.get(store, account, publicKey)
  if (key === undefined) throw new InvariantError(`session key 0x${publicKey} of ${account} is gone`)
  const spent = key.spent + amount
  requireLimit(key, spent)
  tables.sessionKeys.put(store, account, publicKey, { ...key, spent })
}

/** @throws TxError SPENDING_LIMIT_REACHED */
export function requireLimit({ spendingLimit }: Pick<SessionKey, 'spendingLimit'>, spent: bigint): void {
  if (spent > spendingLimit) {
    throw new TxError('SPENDING_LIMIT_REACHED', {
      message: `the session key would have spent ${formatGrn(spent)}, its limit is ${formatGrn(spendingLimit)}`,
      hint: 'sign with the key of the account, or authorise the session key with a higher limit',
    })
  }
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
