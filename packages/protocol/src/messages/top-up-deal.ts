/** More time for a deal, at its own price, as far as its terms allow. */
import { epochs } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const topUpDeal = message({
  name: 'TopUpDeal',
  kind: 11,
  class: 'general',
  scope: 'session',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    deal: dealId,
    epochs,
  },
})
