/**
 * RegisterProvider: a provider with the next number, owned by the sender. Its session key may sign what a daemon signs,
 * without expiry or limit of its own; the owner may replace that with AuthorizeKey.
 *
 * Signed by the account's own key alone, since its session key becomes one of the account's.
 * Costs its fee, ten times `accountFee` for a record that stays, and `accountFee` for a payout address without one.
 * Refuses a session key or an endpoint that is none (PROVIDER_INVALID), a sender who has not as much (INSUFFICIENT_FUNDS).
 */
import { providerFee } from '@granary/protocol/messages'
import { authorizeDaemon, checkProfile } from '../market/provider-profile.ts'
import { writeProvider } from '../money/ledger.ts'
import { accountFeeOf, payForAccount, payForRecord } from '../money/records-that-stay.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const registerProvider: Effect<'RegisterProvider'> = (context, body) => {
  const { store, sender, height, emit } = context
  checkProfile(body)
  payForRecord(context, providerFee(context.params))
  payForAccount(context, body.payout)
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
    dealBytes: 0n,
    debt: 0n,
  })
  authorizeDaemon(store, sender, id, body.sessionKey)
  emit({ type: 'provider:registered', provider: id, owner: sender, name: body.name })
}

export const registerProviderClaims: Claims<'RegisterProvider'> = {
  outflow: ({ store, params }, { payout }) => providerFee(params) + accountFeeOf(store, params, payout),
  changedKeys: (_, { sessionKey }) => [sessionKey].filter((key) => key.length > 0),
}
