/** A validator that was silent takes part again. */
import { bytes32 } from '../codec/field.ts'
import { message } from './message.ts'

export const unjail = message({
  name: 'Unjail',
  kind: 24,
  scope: 'session',
  fields: {
    validator: bytes32,
  },
})
