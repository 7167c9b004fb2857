/** More time for a deal, which its client pays for by its standing order. */
import { epochs } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { message } from './message.ts'

export const topUpByOrder = message({
  name: 'TopUpByOrder',
  kind: 21,
  // It takes nothing from who sends it but its fee.
  scope: 'daemon',
  fields: {
    deal: dealId,
    epochs,
  },
})
