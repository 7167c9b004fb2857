/** What is proven of deals is paid; what is over is closed. */
import { list } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

export const settleDeals = message({
  name: 'SettleDeals',
  kind: 13,
  scope: 'daemon',
  units: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  fields: {
    deals: list(dealId, { min: 1, max: 256 }),
  },
})
