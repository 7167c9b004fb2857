/**
 * UnbondValidator: a bond, or a part of it, leaves the validator at once, and comes back to its owner after `unbonding`; till
 * then it is slashed as if it were still there.
 *
 * Signed by the owner of the bond, or a session key of it with that scope.
 * Costs its fee.
 * Refuses a key without a bond (VALIDATOR_NOT_FOUND), another's (VALIDATOR_NOT_OWNED), an amount of zero (AMOUNT_ZERO), more than
 * is bonded (BOND_INSUFFICIENT), to leave less than the least bond and not nothing (BOND_TOO_SMALL), the bond of the last one that
 * makes blocks (LAST_VALIDATOR), and more than 32 parts on their way at once (UNBONDINGS_FULL).
 */
import { toHex } from '@granary/base'
import { formatGrn } from '@granary/protocol/messages'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { placeValidator, requireAnother, requireBondMin, requireOwnValidator } from '../validators/bonds.ts'
import { beginUnbonding } from '../validators/unbonding.ts'

export const unbondValidator: Effect<'UnbondValidator'> = (context, { validator: publicKey, amount }) => {
  const { store, height, emit } = context
  const { validator, record } = requireOwnValidator(context, publicKey)
  if (amount === 0n) {
    throw new TxError('AMOUNT_ZERO', { message: 'nothing is to be unbonded', hint: 'name an amount above zero' })
  }
  if (amount > record.bond) {
    throw new TxError('BOND_INSUFFICIENT', {
      message: `the bond is ${formatGrn(record.bond)}`,
      hint: 'name no more than that',
      details: { bond: String(record.bond) },
    })
  }
  const bond = record.bond - amount
  if (bond > 0n) requireBondMin(context, bond)
  else requireAnother(store, validator)
  placeValidator(context, validator, { before: record, next: { ...record, bond } })
  beginUnbonding(context, validator, amount)
  emit({ type: 'validator:unbonding', validator: toHex(publicKey), amount: String(amount), since: height })
}
