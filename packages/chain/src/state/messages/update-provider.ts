/**
 * UpdateProvider: what RegisterProvider said, anew. Another session key replaces the one before, which may sign nothing
 * any more unless it serves another provider of the owner.
 *
 * Signed by the owner's own key alone, since it says where the money goes.
 * Costs its fee, and `accountFee` for a payout address without a record.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), and what RegisterProvider refuses.
 */
import { equalBytes } from '@granary/base'
import { requireOwner } from '../access/require-provider.ts'
import { authorizeDaemon, checkProfile, dismissDaemon } from '../market/provider-profile.ts'
import { writeProvider } from '../money/ledger.ts'
import { accountFeeOf, payForAccount } from '../money/records-that-stay.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { tables } from '../store/tables.ts'

export const updateProvider: Effect<'UpdateProvider'> = (context, { provider, ...profile }) => {
  const { store, sender, emit } = context
  const record = requireOwner(context, provider)
  checkProfile(profile)
  payForAccount(context, profile.payout)
  writeProvider(store, provider, { ...record, ...profile })
  if (!equalBytes(record.sessionKey, profile.sessionKey)) {
    dismissDaemon(store, sender, provider, record.sessionKey)
    authorizeDaemon(store, sender, provider, profile.sessionKey)
  }
  emit({ type: 'provider:updated', provider, owner: sender, name: profile.name })
}

export const updateProviderClaims: Claims<'UpdateProvider'> = {
  outflow: ({ store, params }, { payout }) => accountFeeOf(store, params, payout),
  changedKeys: ({ store }, { provider, sessionKey }) => {
    const before = tables.providers.get(store, provider)?.sessionKey ?? new Uint8Array(0)
    return equalBytes(before, sessionKey) ? [] : [before, sessionKey].filter((key) => key.length > 0)
  },
}
