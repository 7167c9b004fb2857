/** More time for a deal, at its own price, as far as its terms allow. */
import { epochs } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { message } from './message.ts'

export const topUpDeal = message({
  name: 'TopUpDeal',
  kind: 11,
  scope: 'session',
  fields: {
    deal: dealId,
    epochs,
  },
})
