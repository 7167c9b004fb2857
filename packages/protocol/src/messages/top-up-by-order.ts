/** More time for a deal, which its client pays for by its standing order. */
import { epochs } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const topUpByOrder = message({
  name: 'TopUpByOrder',
  kind: 21,
  class: 'general',
  // It takes nothing from who sends it but its fee.
  scope: 'daemon',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    deal: dealId,
    epochs,
  },
})
