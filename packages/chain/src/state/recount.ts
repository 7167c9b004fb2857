/**
 * Adds up every account, deal, sector and partition, and compares with the totals that the chain keeps as it goes: for
 * tests and for a full verification, never in a block.
 */
import type { Address } from '../messages/index.ts'
import { InvariantError } from './errors.ts'
import { assertConserved, totalsOf } from './ledger.ts'
import { type Provider, type Totals, tables } from './records.ts'
import type { StateReader } from './store.ts'
import { keyNumber } from './table.ts'

/** @throws InvariantError naming the first sum that differs */
export function recount(reader: StateReader): Totals {
  assertConserved(reader)
  const totals = totalsOf(reader)
  const accounts = [...tables.accounts.entries(reader, [])]
  const providers = [...tables.providers.entries(reader, [])]
  const deals = [...tables.deals.entries(reader, [])].map((entry) => entry.value)
  assertEqual(
    'balances',
    sum(accounts, ({ value }) => value.balance),
    totals.balances,
  )
  assertEqual(
    'escrow of accounts',
    sum(accounts, ({ value }) => value.escrow),
    totals.escrow,
  )
  assertEqual(
    'escrow of deals',
    sum(deals, (deal) => deal.locked),
    totals.escrow,
  )
  assertEqual(
    'free collateral',
    sum(providers, ({ value }) => value.collateralFree),
    totals.collateralFree,
  )
  assertEqual(
    'locked collateral',
    sum(providers, ({ value }) => value.collateralLocked),
    totals.collateralLocked,
  )
  for (const { parts, value } of accounts) {
    const client = parts[0] as Address
    const locked = sum(deals, (deal) => (deal.terms.client === client ? deal.locked : 0n))
    assertEqual(`escrow of ${client}`, locked, value.escrow)
  }
  for (const { parts, value } of providers) recountProvider(reader, keyNumber(parts[0]), value)
  return totals
}

function recountProvider(reader: StateReader, id: number, provider: Provider): void {
  const deals = [...tables.deals.entries(reader, [])].map((entry) => entry.value)
  const sectors = [...tables.sectors.entries(reader, [id])]
  const partitions = [...tables.partitions.entries(reader, [id])]
  const held =
    sum(deals, (deal) => (deal.terms.provider === id ? deal.collateral : 0n)) +
    sum(sectors, ({ value }) => value.deposit + value.pledge) +
    sum(partitions, ({ value }) => value.deposit)
  assertEqual(`locked collateral of provider ${id}`, held, provider.collateralLocked)
}

function sum<T>(items: readonly T[], amount: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + amount(item), 0n)
}

function assertEqual(what: string, actual: bigint, expected: bigint): void {
  if (actual !== expected) throw new InvariantError(`${what} add up to ${actual} attoGRN, the books say ${expected}`)
}
