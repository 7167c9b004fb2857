/** Free collateral of a provider becomes its owner's money. */
import { bigUint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { message } from './message.ts'

export const withdrawCollateral = message({
  name: 'WithdrawCollateral',
  kind: 8,
  scope: 'session',
  fields: {
    provider: providerId,
    amount: bigUint(128),
  },
})
