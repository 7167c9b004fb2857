/**
 * RevokeKey: a session key of the sender may sign nothing any more.
 *
 * Signed by the account's own key alone.
 * Costs its fee.
 * Refuses a key that the account has not authorised (KEY_NOT_FOUND).
 */

import { bytesToHex } from '@noble/hashes/utils.js'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const revokeKey: Effect<'RevokeKey'> = ({ store, sender, emit }, { publicKey }) => {
  const key = bytesToHex(publicKey)
  if (tables.sessionKeys.get(store, sender, key) === undefined) {
    throw new TxError('KEY_NOT_FOUND', {
      message: `${sender} has no session key 0x${key}`,
      hint: 'name a key that the account has authorised',
    })
  }
  tables.sessionKeys.delete(store, sender, key)
  emit({ type: 'key:revoked', account: sender, publicKey: `0x${key}` })
}

export const revokeKeyClaims: Claims<'RevokeKey'> = {
  changedKeys: (_, { publicKey }) => [publicKey],
}
