/** Another profile of a provider. */
import { providerId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'
import { providerProfile } from './register-provider.ts'

export const updateProvider = message({
  name: 'UpdateProvider',
  kind: 5,
  class: 'general',
  scope: 'owner',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: { provider: providerId, ...providerProfile },
})
