/** The client leaves a deal, or ends its standing order. */
import { bool, optional } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { type Message, message } from './message.ts'

export interface Cancellation {
  readonly deal: number
  /** It goes on to the end that it has, and its standing order is over. */
  readonly atEnd?: boolean
}

export const cancelDeal: Message<'CancelDeal', Cancellation> = message<'CancelDeal', Cancellation>({
  name: 'CancelDeal',
  kind: 12,
  scope: 'session',
  fields: {
    deal: dealId,
    atEnd: optional(bool, false),
  },
})
