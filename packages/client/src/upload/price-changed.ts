import { GranaryError } from '@granary/base'
import { formatGrn } from '@granary/protocol/messages'

/** The first quote ran out during the upload, and the next one is dearer. */
export class PriceChangedError extends GranaryError {
  constructor(provider: number, before: bigint, now: bigint) {
    super({
      code: 'PRICE_CHANGED',
      message: `provider ${provider} now asks ${formatGrn(now)}, it was ${formatGrn(before)} when the upload began`,
      hint: 'nothing was paid; put again to accept the new price, the upload is kept',
      details: { provider, before: `${before}`, now: `${now}` },
    })
  }
}
