/** Another profile of a provider. */
import { providerId } from '../codec/ids.ts'
import { message } from './message.ts'
import { providerProfile } from './register-provider.ts'

export const updateProvider = message({
  name: 'UpdateProvider',
  kind: 5,
  scope: 'owner',
  fields: { provider: providerId, ...providerProfile },
})
