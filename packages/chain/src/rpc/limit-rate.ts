/** So many requests a minute for each address. */
import type { Request, RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { AddressOf } from './address-limits.ts'
import { RateLimitedError } from './errors.ts'

const WINDOW_MS = 60_000

export function limitRate(
  { requestsPerMinute }: { readonly requestsPerMinute: number },
  addressOf: AddressOf,
): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: requestsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    skip: ({ socket }) => addressOf(socket) === undefined,
    keyGenerator: ({ socket }) => addressOf(socket) ?? '',
    handler: (request, _, next) => next(new RateLimitedError(requestsPerMinute, secondsLeft(request))),
    // The address is that of the connection: who puts a proxy before the node limits there.
    validate: { xForwardedForHeader: false },
  })
}

function secondsLeft(request: Request): number {
  const { rateLimit } = request as { rateLimit?: { resetTime?: Date } }
  return Math.max(1, Math.ceil(((rateLimit?.resetTime?.getTime() ?? Date.now()) - Date.now()) / 1000))
}
