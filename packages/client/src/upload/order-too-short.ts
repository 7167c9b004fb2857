/** Loaded when it is thrown. */
import { GranaryError } from '@granary/base'
import { formatDate } from '@granary/protocol/epochs'

/** A standing order that is over before it begins. */
export class OrderTooShortError extends GranaryError {
  constructor(until: Date, firstEnd: Date) {
    super({
      code: 'ORDER_TOO_SHORT',
      message: `the deals run until ${formatDate(firstEnd)}, and would be kept going until ${formatDate(until)} only`,
      hint: 'name a later date, ask for a shorter duration, or leave the standing order out',
      details: { until, firstEnd },
    })
  }
}
