/**
 * The last middleware: every failure leaves as `{ error }`; what is not ours leaves without its insides, and to anybody but the
 * owner without where they are.
 */
import { type ErrorCode, factsOf, GranaryError, relayedCode, type WireError } from '@granary/base'
import { answerErrors, statusOf, unreadableOf } from '@granary/base/http'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import * as z from 'zod'
import { describeIssues } from '../describe-issues.ts'
import type { Log } from '../log.ts'
import { publicJson } from '../public-text.ts'

export function notFound(): RequestHandler {
  return (request) => {
    throw new GranaryError({
      code: 'ROUTE_NOT_FOUND',
      message: `there is no ${request.method} ${request.path}`,
      hint: 'GET /v1/info says who this provider is',
    })
  }
}

/** @param sentOf the owner is told all of it */
export function errorHandler(log: Log, sentOf: (error: WireError) => WireError = publicError): ErrorRequestHandler {
  return answerErrors({
    translate,
    internal,
    sentOf,
    log: ({ method, path, message }) => log({ type: 'http:failed', method, path, error: message }),
  })
}

/** What is wrong with a request says what was asked for, as it was. */
export function publicError(error: WireError): WireError {
  const code = relayedCode(error.code)
  const isOurs = factsOf(code)?.fault === 'operator' || statusOf({ ...error, code }) >= 500
  return isOurs ? publicJson(error) : error
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
