/** Money of the sender becomes free collateral of a provider. */
import { bigUint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const depositCollateral = message({
  name: 'DepositCollateral',
  kind: 7,
  class: 'general',
  scope: 'session',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    provider: providerId,
    amount: bigUint(128),
  },
})
