/** More time for a deal, at a price that its provider has signed for. */
import { bytes } from '../codec/field.ts'
import { dealRenewal } from './deal-renewal.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

export const renewDeal = message({
  name: 'RenewDeal',
  kind: 10,
  scope: 'session',
  units: { base: 2 * SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    renewal: dealRenewal,
    /** Over the renewal, by a key that may sign the provider's terms. */
    providerSignature: bytes(65, 96),
  },
})
