/** A session key signs no more. */
import { bytes32 } from '../codec/field.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const revokeKey = message({
  name: 'RevokeKey',
  kind: 3,
  class: 'general',
  scope: 'owner',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    publicKey: bytes32,
  },
})
