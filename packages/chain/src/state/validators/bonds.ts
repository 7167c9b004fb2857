/** Writes a validator together with its place among those that may be in the set. docs/spec/chain.md section 9. */
import { type Hex, toHex } from '@granary/base'
import { type Address, formatGrn } from '@granary/protocol/messages'
import type { Validator } from '@granary/protocol/records'
import { writeValidator } from '../money/ledger.ts'
import type { BlockContext, TxContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { firstOf } from '../store/table.ts'
import { tables } from '../store/tables.ts'
import { mayBeSeated, POWER_MAX, powerOf, validatorOf } from './power.ts'

type Placing = Pick<BlockContext, 'store' | 'genesis' | 'params'>

/** @param before undefined: it is new */
export function placeValidator(
  { store, genesis, params }: Placing,
  validator: Address,
  { before, next }: { readonly before: Validator | undefined; readonly next: Validator },
): void {
  const rankOf = ({ bond }: Validator): number => POWER_MAX - powerOf(genesis, bond)
  if (before !== undefined) tables.candidates.delete(store, rankOf(before), validator)
  writeValidator(store, validator, next)
  if (mayBeSeated(params, next)) tables.candidates.put(store, rankOf(next), validator, {})
  tables.seatsBehind.put(store, {})
}

/** @throws TxError VALIDATOR_NOT_FOUND, VALIDATOR_NOT_OWNED */
export function requireOwnValidator(
  { store, sender }: TxContext,
  publicKey: Uint8Array,
): { readonly validator: Address; readonly record: Validator } {
  const validator = validatorOf(publicKey)
  const record = tables.validators.get(store, validator)
  if (record === undefined) {
    throw new TxError('VALIDATOR_NOT_FOUND', {
      message: `no validator has the key ${toHex(publicKey)}`,
      hint: '`granary chain validator list` lists them',
    })
  }
  requireOwner(record, sender)
  return { validator, record }
}

/** @throws TxError VALIDATOR_NOT_OWNED */
export function requireOwner({ owner, publicKey }: Validator, sender: Address): void {
  if (owner === sender) return
  throw new TxError('VALIDATOR_NOT_OWNED', {
    message: `the bond of the validator ${toHex(publicKey)} belongs to ${owner}`,
    hint: 'send it from the account that has bonded it',
  })
}

/**
 * A chain whose last validator leaves would never have another block.
 * @throws TxError LAST_VALIDATOR
 */
export function requireAnother(store: StateReader, validator: Address): void {
  if (tables.seats.get(store, validator) === undefined) return
  for (const { parts } of tables.seats.entries(store, [])) {
    const other = parts[0] as Address
    if (other !== validator && tables.validators.get(store, other)?.jailed === 'no') return
  }
  throw new TxError('LAST_VALIDATOR', {
    message: 'without it there would be no validator to make blocks',
    hint: 'leave the least bond in it, or bond another validator first and wait until it takes part',
  })
}

/** @throws TxError BOND_TOO_SMALL */
export function requireBondMin({ params }: TxContext, bond: bigint): void {
  if (bond >= params.validatorBondMin) return
  throw new TxError('BOND_TOO_SMALL', {
    message: `the bond would be ${formatGrn(bond)}, a validator has ${formatGrn(params.validatorBondMin)} at least`,
    hint: 'bond more; of one that leaves take all',
    details: { bond: String(bond), least: String(params.validatorBondMin) },
  })
}

/** With neither a bond nor anything on its way nobody can lose by it: a key that voted twice alone is remembered. */
export function forgetIfEmpty({ store }: Placing, validator: Address): void {
  const record = tables.validators.get(store, validator)
  if (record === undefined || record.bond > 0n || record.jailed === 'signed-twice') return
  if (tables.seats.get(store, validator) !== undefined) return
  if (firstOf(tables.unbondings.entries(store, [validator])) !== undefined) return
  tables.validators.delete(store, validator)
  tables.absences.delete(store, validator)
}

/** Of a validator as the engine names it. */
export function keyOfValidator(reader: StateReader, validator: Address): Hex | undefined {
  const record = tables.validators.get(reader, validator)
  return record && toHex(record.publicKey)
}
