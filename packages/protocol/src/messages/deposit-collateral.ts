/** Money of the sender becomes free collateral of a provider. */
import { bigUint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { message } from './message.ts'

export const depositCollateral = message({
  name: 'DepositCollateral',
  kind: 7,
  scope: 'session',
  fields: {
    provider: providerId,
    amount: bigUint(128),
  },
})
