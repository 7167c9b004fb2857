/** The last middleware: every failure leaves as `{ error }`; what is not ours leaves without its insides. */
import { type ErrorCode, GranaryError } from '@granary/base'
import { answerErrors, unreadableOf } from '@granary/base/http'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import * as z from 'zod'
import { describeIssues } from '../describe-issues.ts'
import type { Log } from '../log.ts'

export function notFound(): RequestHandler {
  return (request) => {
    throw new GranaryError({
      code: 'ROUTE_NOT_FOUND',
      message: `there is no ${request.method} ${request.path}`,
      hint: 'GET /v1/info says who this provider is',
    })
  }
}

export function errorHandler(log: Log): ErrorRequestHandler {
  return answerErrors({
    translate,
    internal,
    log: ({ method, path, message }) => log({ type: 'http:failed', method, path, error: message }),
  })
}

function translate(error: unknown): GranaryError | undefined {
  if (error instanceof z.core.$ZodError)
    return requestError('REQUEST_INVALID', describeIssues(error), 'correct the fields that are named')
  switch (unreadableOf(error)) {
    case 'too large':
      return requestError('REQUEST_TOO_LARGE', 'the body is too large', 'send less')
    case 'encoded': {
      const hint = 'send the body as it is, without content-encoding'
      return requestError('CONTENT_ENCODING_UNSUPPORTED', 'a compressed body is not taken', hint)
    }
    case 'not JSON':
      return requestError('REQUEST_INVALID', 'the body is not JSON', 'send JSON')
    case 'malformed':
      return requestError('REQUEST_INVALID', 'the request cannot be read', 'correct the request')
    case undefined:
      return undefined
  }
}

function requestError(code: ErrorCode, message: string, hint: string): GranaryError {
  return new GranaryError({ code, message, hint })
}

function internal(): GranaryError {
  return new GranaryError({
    code: 'INTERNAL',
    message: 'the provider failed to answer',
    hint: "try again; if it stays, the provider's log says more",
  })
}
