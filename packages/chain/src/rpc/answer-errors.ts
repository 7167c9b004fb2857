/** The last two handlers: a path that nobody serves, and whatever was thrown, as `{ error }` with its status. */
import { GranaryError } from '@granary/base'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { BodyEncodingError, InternalError, statusOf } from './errors.ts'

export interface RpcFault {
  readonly type: 'rpc:fault'
  readonly method: string
  readonly path: string
  readonly message: string
  readonly stack: string | undefined
}

export const answerUnknownPath: RequestHandler = (request) => {
  throw new GranaryError({
    code: 'PATH_NOT_FOUND',
    message: `nothing is served at ${request.method} ${request.path.slice(0, 200)}`,
    hint: 'docs/spec/chain.md, section 8, lists the paths',
    retryable: false,
  })
}

export function answerErrors(log: (fault: RpcFault) => void): ErrorRequestHandler {
  return (thrown, request, response, next) => {
    // Half an answer has gone out: express cuts the connection, so that nobody takes it for a whole one.
    if (response.headersSent) return next(thrown)
    const error = GranaryError.is(thrown) ? thrown : httpError(thrown)
    if (error === undefined) {
      const { message, stack } = Error.isError(thrown) ? thrown : { message: String(thrown), stack: undefined }
      log({ type: 'rpc:fault', method: request.method, path: request.path, message, stack })
    }
    const answer = error ?? new InternalError()
    const { retryAfterSeconds } = answer.details ?? {}
    if (typeof retryAfterSeconds === 'number') response.set('retry-after', String(retryAfterSeconds))
    response.status(statusOf(answer)).json({ error: answer.toJSON() })
  }
}

/** What express and its body parsers throw has an HTTP status; all else is a fault of ours. */
function httpError(thrown: unknown): GranaryError | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const { status, type } = thrown as { status?: unknown; type?: unknown }
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  if (type === 'encoding.unsupported') return new BodyEncodingError()
  const tooLarge = type === 'entity.too.large'
  return new GranaryError({
    code: tooLarge ? 'BODY_TOO_LARGE' : 'REQUEST_INVALID',
    message: tooLarge ? 'the body is larger than any transaction may be' : `the request is malformed (${String(type)})`,
    hint: tooLarge
      ? 'a transaction has at most 3 MiB, and 64 KiB when it is sent as JSON'
      : 'send a well-formed request with a valid path and body',
    retryable: false,
  })
}
