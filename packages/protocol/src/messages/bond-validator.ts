/** Money of the sender stands in for a validator, and is its power. */
import { bigUint, bytes, bytes32 } from '../codec/field.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

export const bondValidator = message({
  name: 'BondValidator',
  kind: 22,
  scope: 'session',
  // The sender's signature, and the validator's.
  units: { base: 4 * SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    /** Its public key, as it signs blocks. */
    validator: bytes32,
    amount: bigUint(128),
    /** possessionDigest, signed by the validator's key; empty where the sender's bond stands already. */
    possession: bytes(0, 64),
  },
})
