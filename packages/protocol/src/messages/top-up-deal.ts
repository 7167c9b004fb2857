/** More time for a deal, at its own price, as far as its terms allow. */
import { epochs, uint } from '../codec/field.ts'
import { type BodyOf, message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const topUpDeal = message({
  name: 'TopUpDeal',
  kind: 11,
  class: 'general',
  scope: 'session',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    deal: uint(48),
    epochs,
  },
})

export type TopUpDeal = BodyOf<typeof topUpDeal>
