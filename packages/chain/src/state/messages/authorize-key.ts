/**
 * AuthorizeKey: lets an ed25519 key sign for the account, within scopes, an expiry and a spending limit. The same key
 * again replaces what it was allowed, and what it has spent.
 *
 * Signed by the account's own key alone: a session key must not make itself stronger.
 * Costs its fee.
 * Refuses a scope that is none (SCOPE_UNKNOWN), an expiry that has passed (KEY_INVALID).
 */

import { isScope, LOGIN_SCOPE, TERMS_SCOPE } from '@granary/protocol/messages'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const authorizeKey: Effect<'AuthorizeKey'> = ({ store, sender, height, emit }, body) => {
  const { publicKey, scopes, expires, spendingLimit } = body
  const unknown = scopes.find((scope) => !isScope(scope))
  if (unknown !== undefined) {
    throw new TxError('SCOPE_UNKNOWN', {
      message: `"${unknown}" is not a scope`,
      hint: `scopes are names of messages other than AuthorizeKey, ${TERMS_SCOPE} and ${LOGIN_SCOPE}`,
    })
  }
  if (expires < height) {
    throw new TxError('KEY_INVALID', {
      message: `the key would have expired at epoch ${expires}, this is ${height}`,
      hint: 'give it an expiry that lies ahead',
    })
  }
  const key = bytesToHex(publicKey)
  tables.sessionKeys.put(store, sender, key, { scopes, expires, spendingLimit, spent: 0n })
  emit({ type: 'key:authorized', account: sender, publicKey: `0x${key}`, expires })
}

export const authorizeKeyClaims: Claims<'AuthorizeKey'> = {
  changedKeys: (_, { publicKey }) => [publicKey],
}
