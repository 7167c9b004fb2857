/** What is proven of deals is paid; what is over is closed. */
import { list } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const settleDeals = message({
  name: 'SettleDeals',
  kind: 13,
  class: 'general',
  scope: 'daemon',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  fields: {
    deals: list(dealId, { min: 1, max: 256 }),
  },
})
