/** What a provider says of itself, when it registers and when it changes that. */

import { type Address, AMOUNT_MAX, daemonScopes, type MessageBodies, type ProviderId } from '@granary/protocol/messages'
import { bytesToHex } from '@noble/hashes/utils.js'
import { TxError } from '../store/errors.ts'
import type { Store } from '../store/store.ts'
import { firstOf } from '../store/table.ts'
import { tables } from '../store/tables.ts'

/** @throws TxError PROVIDER_INVALID */
export function checkProfile({ sessionKey, endpoints }: MessageBodies['RegisterProvider']): void {
  if (sessionKey.length !== 0 && sessionKey.length !== 32) throw invalid(`a session key of ${sessionKey.length} bytes`)
  const endpoint = endpoints.find((text) => !/^(https?:\/\/|\/[a-z0-9-]+\/)[\x21-\x7e]+$/.test(text))
  if (endpoint !== undefined) throw invalid(`"${endpoint}" is neither an HTTP URL nor a multiaddr`)
}

/** A daemon's key may sign what a daemon signs, without expiry or limit; the owner may replace that with AuthorizeKey. */
export function authorizeDaemon(store: Store, owner: Address, provider: ProviderId, sessionKey: Uint8Array): void {
  if (sessionKey.length === 0) return
  const key = bytesToHex(sessionKey)
  tables.daemonKeys.put(store, owner, key, provider, {})
  tables.sessionKeys.put(store, owner, key, {
    scopes: daemonScopes,
    expires: Number.MAX_SAFE_INTEGER,
    spendingLimit: AMOUNT_MAX,
    spent: 0n,
  })
}

/**
 * Withdraws the key of a provider's daemon, when it gets another one. A key that serves another provider of the owner
 * stays.
 */
export function dismissDaemon(store: Store, owner: Address, provider: ProviderId, sessionKey: Uint8Array): void {
  if (sessionKey.length === 0) return
  const key = bytesToHex(sessionKey)
  tables.daemonKeys.delete(store, owner, key, provider)
  if (firstOf(tables.daemonKeys.entries(store, [owner, key])) !== undefined) return
  tables.sessionKeys.delete(store, owner, key)
}

function invalid(what: string): TxError {
  return new TxError('PROVIDER_INVALID', { message: what, hint: 'correct the registration and send it again' })
}
