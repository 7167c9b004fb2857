/**
 * RegisterProvider: a provider with the next id, owned by the sender. Its session key may sign what a daemon signs, without
 * expiry or limit of its own; the owner may replace that with AuthorizeKey.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { AMOUNT_MAX, type RegisterProvider } from '../../messages/index.ts'
import type { Effect } from '../context.ts'
import { InvariantError, TxError } from '../errors.ts'
import { writeProvider } from '../ledger.ts'
import { tables } from '../records.ts'
import { daemonScopes } from '../session-scopes.ts'

export const registerProvider: Effect<RegisterProvider> = ({ store, sender, height, emit }, body) => {
  const { sessionKey, endpoints } = body
  if (sessionKey.length !== 0 && sessionKey.length !== 32) throw invalid(`a session key of ${sessionKey.length} bytes`)
  const endpoint = endpoints.find((url) => !/^https?:\/\/[\x21-\x7e]+$/.test(url))
  if (endpoint !== undefined) throw invalid(`"${endpoint}" is not an HTTP URL`)
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
  if (sessionKey.length > 0) {
    tables.sessionKeys.put(store, sender, bytesToHex(sessionKey), {
      scopes: daemonScopes,
      expires: Number.MAX_SAFE_INTEGER,
      spendingLimit: AMOUNT_MAX,
      spent: 0n,
    })
  }
  emit({ type: 'provider:registered', provider: id, owner: sender, name: body.name })
}

function invalid(what: string): TxError {
  return new TxError('PROVIDER_INVALID', { message: what, hint: 'correct the registration and send it again' })
}
