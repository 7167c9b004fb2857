/** The client leaves a deal, or ends its standing order. */
import { bool, optional } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { type Message, message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export interface Cancellation {
  readonly deal: number
  /** It goes on to the end that it has, and its standing order is over. */
  readonly atEnd?: boolean
}

export const cancelDeal: Message<'CancelDeal', Cancellation> = message<'CancelDeal', Cancellation>({
  name: 'CancelDeal',
  kind: 12,
  class: 'general',
  scope: 'session',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    deal: dealId,
    atEnd: optional(bool, false),
  },
})
