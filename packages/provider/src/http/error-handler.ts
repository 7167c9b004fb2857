/** The last middleware: every failure leaves as `{ error }`; what is not ours leaves without its insides. */
import { GranaryError, isAbortError } from '@granary/base'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import * as z from 'zod'
import { describeIssues } from '../describe-issues.ts'
import type { Log } from './log.ts'
import { statusOf } from './status-of.ts'

export function notFound(): RequestHandler {
  return (request) => {
    throw new GranaryError({
      code: 'ROUTE_NOT_FOUND',
      message: `there is no ${request.method} ${request.path}`,
      hint: 'GET /v1/info says who this provider is',
      retryable: false,
    })
  }
}

export function errorHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const wire = toWire(error)
    if (wire.code === 'INTERNAL')
      log({ type: 'http:failed', method: request.method, path: request.path, error: String(error) })
    // Too late for a status: Express ends the connection, so that half an answer is not taken for a whole one.
    if (response.headersSent || isAbortError(error)) return next(error)
    const retryAfterSeconds = wire.details?.retryAfterSeconds
    if (typeof retryAfterSeconds === 'number') response.setHeader('Retry-After', String(retryAfterSeconds))
    response.status(statusOf(wire)).json({ error: wire })
  }
}

function toWire(error: unknown): GranaryError {
  if (GranaryError.is(error)) return error
  if (error instanceof z.ZodError)
    return requestError('REQUEST_INVALID', describeIssues(error), 'correct the fields that are named')
  const type = typeof error === 'object' && error !== null ? (error as { type?: unknown }).type : undefined
  if (type === 'entity.too.large') return requestError('REQUEST_TOO_LARGE', 'the body is too large', 'send less')
  if (type === 'encoding.unsupported') {
    const hint = 'send the body as it is, without content-encoding'
    return requestError('CONTENT_ENCODING_UNSUPPORTED', 'a compressed body is not taken', hint)
  }
  if (type === 'entity.parse.failed') return requestError('REQUEST_INVALID', 'the body is not JSON', 'send JSON')
  if (isClientFault(error)) return requestError('REQUEST_INVALID', 'the request cannot be read', 'correct the request')
  return new GranaryError({
    code: 'INTERNAL',
    message: 'the provider failed to answer',
    hint: "try again; if it stays, the provider's log says more",
    retryable: true,
  })
}

function requestError(code: string, message: string, hint: string): GranaryError {
  return new GranaryError({ code, message, hint, retryable: false })
}

// Errors of Express and its parsers say themselves that the request was bad.
function isClientFault(error: unknown): boolean {
  const status = typeof error === 'object' && error !== null ? (error as { status?: unknown }).status : undefined
  return typeof status === 'number' && status >= 400 && status < 500
}
