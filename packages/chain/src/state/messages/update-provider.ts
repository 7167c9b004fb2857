/**
 * UpdateProvider: what RegisterProvider said, anew. Another session key replaces the one before, which may sign nothing
 * any more.
 *
 * Signed by the owner's own key alone, since it says where the money goes.
 * Costs its fee.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), and what RegisterProvider refuses.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { UpdateProvider } from '../../messages/index.ts'
import { equalBytes } from '../../messages/tuple-codec.ts'
import type { Effect } from '../context.ts'
import { writeProvider } from '../ledger.ts'
import { authorizeDaemon, checkProfile } from '../provider-profile.ts'
import { requireOwner } from '../require-provider.ts'
import { tables } from '../tables.ts'

export const updateProvider: Effect<UpdateProvider> = (context, { provider, ...profile }) => {
  const { store, sender, emit } = context
  const record = requireOwner(context, provider)
  checkProfile(profile)
  writeProvider(store, provider, { ...record, ...profile })
  if (!equalBytes(record.sessionKey, profile.sessionKey)) {
    if (record.sessionKey.length > 0) tables.sessionKeys.delete(store, sender, bytesToHex(record.sessionKey))
    authorizeDaemon(store, sender, profile.sessionKey)
  }
  emit({ type: 'provider:updated', provider, owner: sender, name: profile.name })
}
