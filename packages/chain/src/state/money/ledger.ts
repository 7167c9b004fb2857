/**
 * Money. Whenever a record that holds money is written, the totals move by the difference between the old record and the
 * new one; no rule moves them by what it believes to have done. So a debit without its credit is seen when the block ends.
 * docs/spec/chain.md section 4.
 */
import { type Address, AMOUNT_MAX, type Epoch, formatGrn, type ProviderId } from '@granary/protocol/messages'
import type { Account, Provider, Totals, Unbonding, Validator, Vesting } from '@granary/protocol/records'
import { InvariantError, TxError } from '../store/errors.ts'
import type { StateReader, Store } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { lesser } from './lesser.ts'

const NO_ACCOUNT: Account = { balance: 0n, escrow: 0n }

export function accountOf(store: StateReader, address: Address): Account {
  return tables.accounts.get(store, address) ?? NO_ACCOUNT
}

export function writeAccount(store: Store, address: Address, next: Account): void {
  const before = accountOf(store, address)
  tables.accounts.put(store, address, next)
  addToTotals(store, { balances: next.balance - before.balance, escrow: next.escrow - before.escrow })
}

export function writeProvider(store: Store, id: ProviderId, next: Provider): void {
  const before = tables.providers.get(store, id)
  tables.providers.put(store, id, next)
  addToTotals(store, {
    collateralFree: next.collateralFree - (before?.collateralFree ?? 0n),
    collateralLocked: next.collateralLocked - (before?.collateralLocked ?? 0n),
  })
}

/** A record of which everything has been released is deleted. */
export function writeVesting(store: Store, id: ProviderId, next: Vesting): void {
  const before = tables.vesting.get(store, id)
  if (next.locked === 0n) tables.vesting.delete(store, id)
  else tables.vesting.put(store, id, next)
  addToTotals(store, { vesting: next.locked - (before?.locked ?? 0n) })
}

/** A record without money is deleted by who knows that nothing else of it matters. */
export function writeValidator(store: Store, validator: Address, next: Validator): void {
  const before = tables.validators.get(store, validator)
  tables.validators.put(store, validator, next)
  addToTotals(store, { bonds: next.bond - (before?.bond ?? 0n) })
}

/** One of which nothing is left is deleted. */
export function writeUnbonding(store: Store, validator: Address, since: Epoch, next: Unbonding): void {
  const before = tables.unbondings.get(store, validator, since)
  if (next.amount === 0n) tables.unbondings.delete(store, validator, since)
  else tables.unbondings.put(store, validator, since, next)
  addToTotals(store, { bonds: next.amount - (before?.amount ?? 0n) })
}

export function credit(store: Store, address: Address, amount: bigint): void {
  const account = accountOf(store, address)
  writeAccount(store, address, { ...account, balance: account.balance + amount })
}

/** @throws TxError INSUFFICIENT_FUNDS */
export function debit(store: Store, address: Address, amount: bigint): void {
  const account = accountOf(store, address)
  if (account.balance < amount) throw insufficientFunds(address, account.balance, amount)
  writeAccount(store, address, { ...account, balance: account.balance - amount })
}

/** Balance → escrow. @throws TxError INSUFFICIENT_FUNDS */
export function lockEscrow(store: Store, client: Address, amount: bigint): void {
  const { balance, escrow } = accountOf(store, client)
  if (balance < amount) throw insufficientFunds(client, balance, amount)
  writeAccount(store, client, { balance: balance - amount, escrow: escrow + amount })
}

/** Balance of one → escrow of another, or of the same. @throws TxError INSUFFICIENT_FUNDS */
export function fundEscrow(store: Store, payer: Address, client: Address, amount: bigint): void {
  debit(store, payer, amount)
  const account = accountOf(store, client)
  writeAccount(store, client, { ...account, escrow: account.escrow + amount })
}

/** Takes money out of escrow; the caller gives all of it to somebody or burns it. */
export function takeEscrow(store: Store, client: Address, amount: bigint): void {
  const account = accountOf(store, client)
  if (account.escrow < amount) throw new InvariantError(`${client} has ${account.escrow} in escrow, ${amount} are due`)
  writeAccount(store, client, { ...account, escrow: account.escrow - amount })
}

/** Free → locked collateral. @throws TxError INSUFFICIENT_COLLATERAL */
export function lockCollateral(store: Store, id: ProviderId, amount: bigint): void {
  const provider = providerOf(store, id)
  if (provider.collateralFree < amount) {
    throw new TxError('INSUFFICIENT_COLLATERAL', {
      message: `provider ${id} has ${formatGrn(provider.collateralFree)} of free collateral, ${formatGrn(amount)} are needed`,
      hint: 'raise `collateral` in the config.json of the provider and start it again: it deposits what is missing',
      details: { provider: id, free: String(provider.collateralFree), needed: String(amount) },
    })
  }
  writeProvider(store, id, {
    ...provider,
    collateralFree: provider.collateralFree - amount,
    collateralLocked: provider.collateralLocked + amount,
  })
}

/** Locked → free collateral; a debt is paid from it first. */
export function unlockCollateral(store: Store, id: ProviderId, amount: bigint): void {
  writeProvider(store, id, takeLocked(providerOf(store, id), id, amount))
  freeCollateral(store, id, amount)
}

/** Money that has left its holder becomes free collateral; a debt is paid from it first. */
export function freeCollateral(store: Store, id: ProviderId, amount: bigint): void {
  const repaid = repayDebt(store, id, amount)
  const provider = providerOf(store, id)
  writeProvider(store, id, { ...provider, collateralFree: provider.collateralFree + amount - repaid })
}

/** Burns what the provider owes, out of money that has left its holder. @returns how much that was */
export function repayDebt(store: Store, id: ProviderId, amount: bigint): bigint {
  const provider = providerOf(store, id)
  const repaid = lesser(provider.debt, amount)
  if (repaid > 0n) writeProvider(store, id, { ...provider, debt: provider.debt - repaid })
  burn(store, repaid)
  return repaid
}

/** Burns a fee from free collateral; what that lacks becomes a debt. */
export function chargeCollateral(store: Store, id: ProviderId, amount: bigint): void {
  const provider = providerOf(store, id)
  const charged = lesser(provider.collateralFree, amount)
  // A debt is no money, so that it can be cut to the largest amount that a record can hold: nobody will ever have as much.
  const debt = lesser(provider.debt + amount - charged, AMOUNT_MAX)
  writeProvider(store, id, { ...provider, collateralFree: provider.collateralFree - charged, debt })
  burn(store, charged)
}

/** Takes money out of locked collateral; the caller gives all of it to somebody. */
export function takeCollateral(store: Store, id: ProviderId, amount: bigint): void {
  writeProvider(store, id, takeLocked(providerOf(store, id), id, amount))
}

export function burnCollateral(store: Store, id: ProviderId, amount: bigint): void {
  writeProvider(store, id, takeLocked(providerOf(store, id), id, amount))
  burn(store, amount)
}

/**
 * Counts the bytes of a provider's deals: clients look at what vests for each GiB of them. docs/spec/chain.md section 4,
 * Leaving.
 */
export function changeDealBytes(store: Store, id: ProviderId, change: number): void {
  const provider = providerOf(store, id)
  writeProvider(store, id, { ...provider, dealBytes: provider.dealBytes + BigInt(change) })
}

/** New money; the caller gives all of it to somebody. */
export function mint(store: Store, amount: bigint): void {
  addToTotals(store, { minted: amount })
}

/** Money that its holder no longer has leaves the chain for ever. */
export function burn(store: Store, amount: bigint): void {
  addToTotals(store, { burnt: amount })
}

export function totalsOf(store: StateReader): Totals {
  const totals = tables.totals.get(store)
  if (totals === undefined) throw new InvariantError('the state has no totals')
  return totals
}

/** Genesis + minted − burnt = balances + escrow + collateral + vesting + bonds, at the end of every block. */
export function assertConserved(store: StateReader): void {
  const { genesis, minted, burnt, balances, escrow, collateralFree, collateralLocked, vesting, bonds } = totalsOf(store)
  const supply = genesis + minted - burnt
  const held = balances + escrow + collateralFree + collateralLocked + vesting + bonds
  if (supply !== held) throw new InvariantError(`supply is ${supply} attoGRN, accounts hold ${held}`)
}

export function insufficientFunds(address: Address, balance: bigint, needed: bigint): TxError {
  return new TxError('INSUFFICIENT_FUNDS', {
    message: `${address} has ${formatGrn(balance)}, ${formatGrn(needed)} are needed`,
    hint: 'send money to the account first; on a devnet the faucet gives some',
    details: { address, balance: String(balance), needed: String(needed) },
  })
}

function providerOf(store: StateReader, id: ProviderId): Provider {
  const provider = tables.providers.get(store, id)
  if (provider === undefined) throw new InvariantError(`there is no provider ${id} to hold collateral`)
  return provider
}

function takeLocked(provider: Provider, id: ProviderId, amount: bigint): Provider {
  if (provider.collateralLocked < amount) {
    throw new InvariantError(`provider ${id} has ${provider.collateralLocked} locked, ${amount} are to leave`)
  }
  return { ...provider, collateralLocked: provider.collateralLocked - amount }
}

function addToTotals(store: Store, changes: Partial<Totals>): void {
  const next: { -readonly [N in keyof Totals]: bigint } = { ...totalsOf(store) }
  for (const [name, change] of Object.entries(changes)) next[name as keyof Totals] += change
  if (Object.values(next).some((value) => value < 0n || value > AMOUNT_MAX)) {
    throw new InvariantError(`a total left its range: ${Object.entries(next).join('; ')}`)
  }
  tables.totals.put(store, next)
}
