/**
 * Unjail: a validator that was silent takes part again.
 *
 * Signed by the owner of the bond, or a session key of it with that scope.
 * Costs its fee.
 * Refuses a key without a bond (VALIDATOR_NOT_FOUND), another's (VALIDATOR_NOT_OWNED), one that is not jailed
 * (VALIDATOR_NOT_JAILED), that has voted twice at one height (VALIDATOR_SLASHED), whose time is not over (JAIL_NOT_OVER), and one
 * with less than the least bond (BOND_TOO_SMALL).
 */
import { toHex } from '@granary/base'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { placeValidator, requireBondMin, requireOwnValidator } from '../validators/bonds.ts'

export const unjail: Effect<'Unjail'> = (context, { validator: publicKey }) => {
  const { validator, record } = requireOwnValidator(context, publicKey)
  const key = toHex(publicKey)
  if (record.jailed === 'no') {
    throw new TxError('VALIDATOR_NOT_JAILED', { message: `${key} is not jailed`, hint: 'there is nothing to do' })
  }
  if (record.jailed === 'signed-twice') {
    throw new TxError('VALIDATOR_SLASHED', {
      message: `the key ${key} has voted twice at one height`,
      hint: 'bond another key: `granary chain validator unbond` takes back what is left of this one',
    })
  }
  if (context.height < record.jailedUntil) {
    throw new TxError('JAIL_NOT_OVER', {
      message: `${key} was silent`,
      hint: `send it again at epoch ${record.jailedUntil}, when its node votes again`,
      details: { until: record.jailedUntil },
    })
  }
  requireBondMin(context, record.bond)
  placeValidator(context, validator, { before: record, next: { ...record, jailed: 'no', jailedUntil: 0 } })
  context.emit({ type: 'validator:unjailed', validator: key })
}
