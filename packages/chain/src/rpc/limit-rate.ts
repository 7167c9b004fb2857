/** So many requests a minute for each address, so that one caller cannot have all of a node. */
import { isIPv4 } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { RateLimitedError } from './errors.ts'

export interface RateLimitOptions {
  /** @default 6000 */
  readonly requestsPerMinute?: number
  /** Programs on the node's own machine are limited too. @default false */
  readonly loopback?: boolean
}

const WINDOW_MS = 60_000
const REQUESTS_PER_MINUTE = 6_000

export function limitRate({
  requestsPerMinute = REQUESTS_PER_MINUTE,
  loopback = false,
}: RateLimitOptions = {}): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: requestsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    skip: (request) => !loopback && isLoopback(request),
    handler: (request, _, next) => next(new RateLimitedError(requestsPerMinute, secondsLeft(request))),
    // The address is that of the connection: who puts a proxy before the node limits there.
    validate: { xForwardedForHeader: false },
  })
}

function secondsLeft(request: Request): number {
  const { rateLimit } = request as { rateLimit?: { resetTime?: Date } }
  return Math.max(1, Math.ceil(((rateLimit?.resetTime?.getTime() ?? Date.now()) - Date.now()) / 1000))
}

function isLoopback({ socket }: Request): boolean {
  const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}
