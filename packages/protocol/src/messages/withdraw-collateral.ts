/** Free collateral of a provider becomes its owner's money. */
import { bigUint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const withdrawCollateral = message({
  name: 'WithdrawCollateral',
  kind: 8,
  class: 'general',
  scope: 'session',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    provider: providerId,
    amount: bigUint(128),
  },
})
