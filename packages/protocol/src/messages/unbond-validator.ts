/** A bond, or a part of it, leaves after a time in which it still answers for the validator. */
import { bigUint, bytes32 } from '../codec/field.ts'
import { message } from './message.ts'

export const unbondValidator = message({
  name: 'UnbondValidator',
  kind: 23,
  scope: 'session',
  fields: {
    validator: bytes32,
    amount: bigUint(128),
  },
})
