/** What one address may ask for in a minute, and have on its way at once; docs/spec/market-protocol.md, limits. */

import { GranaryError } from '@granary/base'
import { AddressBusyError, type AddressOf, type Budget, createPlaces, limitRate } from '@granary/chain/limits'
import { type RequestHandler, Router } from 'express'
import { workEnded } from './hold-place.ts'
import { whenOver } from './when-over.ts'

export interface AddressLimits {
  readonly addressOf: AddressOf
  /** Of bytesPerMinute, either way; spent as they move. */
  readonly bytes: Budget
  readonly requestsPerMinute: number
  readonly bytesPerMinute: number
  readonly downloads: number
  readonly downloadsPerAddress: number
  /** Somebody wants a place that others have. */
  readonly onDownloadsFull: () => void
}

export class BytesLimitedError extends GranaryError {
  constructor(bytesPerMinute: number, retryAfterSeconds: number) {
    super({
      code: 'BYTES_LIMITED',
      message: `an address may move ${bytesPerMinute} bytes a minute`,
      hint: `wait ${retryAfterSeconds} s`,
      details: { retryAfterSeconds },
    })
  }
}

/** Of all addresses together. */
export class DownloadsFullError extends GranaryError {
  constructor(limit: number) {
    super({
      code: 'DOWNLOADS_FULL',
      message: `${limit} downloads are under way already`,
      hint: 'ask again in a moment, or ask another provider of it',
      details: { limit, retryAfterSeconds: 1 },
    })
  }
}

/** For every route. */
export function limitAddresses(limits: AddressLimits): Router {
  const router = Router()
  router.use(limitRate(limits, limits.addressOf))
  router.use(async (request, _, next) => {
    const waitSeconds = await limits.bytes.spend(limits.addressOf(request.socket), 0)
    if (waitSeconds !== undefined) throw new BytesLimitedError(limits.bytesPerMinute, waitSeconds)
    next()
  })
  router.use(['/ipfs', '/piece'], limitDownloads(limits))
  return router
}

/** Each holds a block or two in memory for as long as it takes. */
function limitDownloads(limits: AddressLimits): RequestHandler {
  const all = createPlaces(limits.downloads)
  const each = createPlaces(limits.downloadsPerAddress)
  return (request, response, next) => {
    const giveBack = each.take(limits.addressOf(request.socket))
    if (giveBack === undefined) throw new AddressBusyError('downloads', limits.downloadsPerAddress)
    const giveAllBack = all.take('all')
    if (giveAllBack === undefined) {
      giveBack()
      limits.onDownloadsFull()
      throw new DownloadsFullError(limits.downloads)
    }
    const giveBoth = (): void => {
      giveBack()
      giveAllBack()
    }
    whenOver(request, response, () => void workEnded(response).then(giveBoth))
    next()
  }
}
