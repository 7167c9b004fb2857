/** The client leaves a deal. */
import { dealId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const cancelDeal = message({
  name: 'CancelDeal',
  kind: 12,
  class: 'general',
  scope: 'session',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    deal: dealId,
  },
})
