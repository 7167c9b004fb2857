/** Money from the sender to an account. */
import { address, bigUint } from '../codec/field.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const transfer = message({
  name: 'Transfer',
  kind: 1,
  class: 'general',
  scope: 'session',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    to: address,
    amount: bigUint(128),
  },
})
