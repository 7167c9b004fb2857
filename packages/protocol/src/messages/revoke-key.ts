/** A session key signs no more. */
import { bytes32 } from '../codec/field.ts'
import { message } from './message.ts'

export const revokeKey = message({
  name: 'RevokeKey',
  kind: 3,
  scope: 'owner',
  fields: {
    publicKey: bytes32,
  },
})
