/**
 * RegisterProvider: a provider with the next number, owned by the sender. Its session key may sign what a daemon signs,
 * without expiry or limit of its own; the owner may replace that with AuthorizeKey.
 *
 * Signed by the account, or a session key with that scope.
 * Costs its fee.
 * Refuses a session key or an endpoint that is none (PROVIDER_INVALID).
 */
import type { RegisterProvider } from '../../messages/index.ts'
import type { Effect } from '../context.ts'
import { InvariantError } from '../errors.ts'
import { writeProvider } from '../ledger.ts'
import { authorizeDaemon, checkProfile } from '../provider-profile.ts'
import { tables } from '../tables.ts'

export const registerProvider: Effect<RegisterProvider> = ({ store, sender, height, emit }, body) => {
  checkProfile(body)
  const next = tables.nextIds.get(store)
  if (next === undefined) throw new InvariantError('the state has no next ids')

  const id = next.provider
  tables.nextIds.put(store, { ...next, provider: id + 1 })
  writeProvider(store, id, {
    ...body,
    owner: sender,
    registeredAt: height,
    collateralFree: 0n,
    collateralLocked: 0n,
    debt: 0n,
  })
  authorizeDaemon(store, sender, body.sessionKey)
  emit({ type: 'provider:registered', provider: id, owner: sender, name: body.name })
}
