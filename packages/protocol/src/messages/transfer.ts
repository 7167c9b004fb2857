/** Money from the sender to an account. */
import { address, bigUint } from '../codec/field.ts'
import { message } from './message.ts'

export const transfer = message({
  name: 'Transfer',
  kind: 1,
  scope: 'session',
  fields: {
    to: address,
    amount: bigUint(128),
  },
})
