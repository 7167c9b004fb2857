import { GranaryError } from '@granary/base'
import { formatGrn } from '@granary/protocol/messages'

/** Providers, or their prices, have come to more than may be spent. */
export class PriceAboveMaxError extends GranaryError {
  constructor(price: bigint, maxPrice: bigint) {
    super({
      code: 'PRICE_ABOVE_MAX',
      message: `it would come to ${formatGrn(price)} with all fees, and at most ${formatGrn(maxPrice)} may be spent`,
      hint: 'allow more, or ask for fewer copies or a shorter duration',
      details: { price: `${price}`, maxPrice: `${maxPrice}` },
    })
  }
}
