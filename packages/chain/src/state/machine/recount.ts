/**
 * Adds up every account, deal, sector and partition, and compares with the totals that the chain keeps as it goes: for
 * tests and for a full verification, never in a block.
 */

import type { Deal, Partition, Totals } from '@granary/protocol/records'
import { keyNumber } from '@granary/protocol/records'
import { assertConserved, totalsOf } from '../money/ledger.ts'
import { rewardsOf, sectorBytesOf } from '../money/rewards.ts'
import { releasableOf } from '../money/vesting.ts'
import { isEarning, NOW } from '../proving/partitions.ts'
import { slotsTaken } from '../proving/slots.ts'
import { InvariantError } from '../store/errors.ts'
import { readParams } from '../store/head.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/** @throws InvariantError naming the first sum that differs */
export function recount(reader: StateReader): Totals {
  assertConserved(reader)
  const totals = totalsOf(reader)
  const escrow = new Map<string, bigint>()
  const locked = new Map<number, bigint>()
  const dealBytes = new Map<number, bigint>()
  for (const { value } of tables.deals.entries(reader, [])) {
    addTo(escrow, value.terms.client, value.locked)
    addTo(locked, value.terms.provider, value.collateral)
    const isLive = value.closed === 'no' && isActivated(reader, value)
    if (isLive) addTo(dealBytes, value.terms.provider, BigInt(value.terms.pieceSize))
  }
  for (const { value } of tables.proposals.entries(reader, [])) addTo(escrow, value.proposer, value.deposit)
  for (const { parts, value } of tables.sectors.entries(reader, [])) {
    addTo(locked, keyNumber(parts[0]), value.deposit + value.pledge)
  }
  for (const { parts, value } of tables.partitions.entries(reader, [])) {
    addTo(locked, keyNumber(parts[0]), value.deposit)
  }

  const sums = { balances: 0n, escrow: 0n, collateralFree: 0n, collateralLocked: 0n }
  for (const { parts, value } of tables.accounts.entries(reader, [])) {
    const account = parts[0]!
    sums.balances += value.balance
    sums.escrow += value.escrow
    assertEqual(`escrow of ${account}`, escrow.get(account) ?? 0n, value.escrow)
  }
  for (const { parts, value } of tables.providers.entries(reader, [])) {
    const provider = keyNumber(parts[0])
    sums.collateralFree += value.collateralFree
    sums.collateralLocked += value.collateralLocked
    assertEqual(`bytes of deals of provider ${provider}`, dealBytes.get(provider) ?? 0n, value.dealBytes)
    assertEqual(`locked collateral of provider ${provider}`, locked.get(provider) ?? 0n, value.collateralLocked)
  }
  assertEqual('balances', sums.balances, totals.balances)
  assertEqual('escrow of accounts', sums.escrow, totals.escrow)
  assertEqual('escrow of deals and proposals', sum(escrow.values()), totals.escrow)
  assertEqual('free collateral', sums.collateralFree, totals.collateralFree)
  assertEqual('locked collateral', sums.collateralLocked, totals.collateralLocked)
  assertEqual('vesting', recountVesting(reader), totals.vesting)
  assertEqual('bonds', recountBonds(reader), totals.bonds)
  recountPower(reader)
  recountRedraws(reader)
  recountPlaces(reader)
  return totals
}

function isActivated(reader: StateReader, { sector: number, terms }: Deal): boolean {
  if (number === undefined) return false
  return tables.sectors.get(reader, terms.provider, number)?.placement !== undefined
}

function recountVesting(reader: StateReader): bigint {
  const params = readParams(reader)
  let total = 0n
  for (const { parts, value } of tables.vesting.entries(reader, [])) {
    const left = releasableOf(params, value, NOW)
    assertEqual(`tranches of provider ${keyNumber(parts[0])}`, left, value.locked)
    total += value.locked
  }
  return total
}

function recountBonds(reader: StateReader): bigint {
  const bonds = [...tables.validators.entries(reader, [])].map(({ value }) => value.bond)
  const leaving = [...tables.unbondings.entries(reader, [])].map(({ value }) => value.amount)
  return sum([...bonds, ...leaving])
}

/** Compares the power of each partition with the bytes of the sectors in it that earn. */
function recountPower(reader: StateReader): void {
  const partitions = new Map<string, Partition>()
  const power = new Map<string, bigint>()
  for (const { parts, value } of tables.partitions.entries(reader, [])) partitions.set(parts.join('/'), value)
  for (const { parts, value } of tables.members.entries(reader, [])) {
    const place = parts.slice(0, 2).join('/')
    const partition = partitions.get(place)
    if (partition === undefined) throw new InvariantError(`partition ${place} is unknown and has members`)
    if (isEarning(partition, value)) addTo(power, place, BigInt(sectorBytesOf(partition)))
  }
  for (const [place, partition] of partitions) {
    assertEqual(`power of partition ${place}`, power.get(place) ?? 0n, BigInt(partition.power))
  }
  assertEqual('power', sum(power.values()), rewardsOf(reader).power)
}

/** The partitions to be drawn again are a dense array, and each of them knows its place in it. */
function recountRedraws(reader: StateReader): void {
  const redraws = [...tables.redraws.entries(reader, [])]
  assertEqual('redraws', BigInt(redraws.length), BigInt(tables.redrawCount.get(reader)?.count ?? 0))
  for (const [index, { value }] of redraws.entries()) {
    const { provider, partition } = value
    const place = tables.partitions.get(reader, provider, partition)?.redraw
    assertEqual(`redraw of partition ${provider}/${partition}`, BigInt(place ?? -1), BigInt(index))
  }
  const waiting = [...tables.partitions.entries(reader, [])].filter(({ value }) => value.redraw !== undefined)
  assertEqual('partitions to be drawn again', BigInt(waiting.length), BigInt(redraws.length))
}

/**
 * Compares the places that each partition keeps with the sectors that wait, and the count of partitions that stand in
 * slots.
 */
function recountPlaces(reader: StateReader): void {
  const reserved = new Map<string, bigint>()
  for (const { parts, value } of tables.sectors.entries(reader, [])) {
    if (value.reservation !== undefined) addTo(reserved, `${keyNumber(parts[0])}/${value.reservation}`, 1n)
  }
  let taken = 0n
  for (const { parts, value } of tables.partitions.entries(reader, [])) {
    const place = parts.map(keyNumber).join('/')
    assertEqual(`places kept in partition ${place}`, reserved.get(place) ?? 0n, BigInt(value.reserved))
    reserved.delete(place)
    if (!value.retired) taken += 1n
  }
  assertEqual('places kept in partitions that there are not', BigInt(reserved.size), 0n)
  assertEqual('partitions in slots', taken, BigInt(slotsTaken(reader)))
}

function addTo<K>(sums: Map<K, bigint>, key: K, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount)
}

function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n
  for (const amount of amounts) total += amount
  return total
}

function assertEqual(what: string, actual: bigint, expected: bigint): void {
  if (actual !== expected) throw new InvariantError(`${what} add up to ${actual}, the books say ${expected}`)
}
