/** The last two handlers: a path that nobody serves, and whatever was thrown, as `{ error }` with its status. */
import { GranaryError } from '@granary/base'
import { answerErrors, type Fault, unreadableOf } from '@granary/base/http'
import type { ChainTime } from '@granary/protocol/epochs'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import * as z from 'zod/mini'
import { BodyEncodingError, InternalError, RequestInvalidError, statusOf } from './errors.ts'
import { inTime } from './in-time.ts'

/** Of one request, that are named in its answer. */
const PROBLEMS_MAX = 10

export interface RpcFault extends Fault {
  readonly type: 'rpc:fault'
}

export const answerUnknownPath: RequestHandler = (request) => {
  throw new GranaryError({
    code: 'PATH_NOT_FOUND',
    message: `nothing is served at ${request.method} ${request.path.slice(0, 200)}`,
    hint: 'docs/spec/chain.md, section 8, lists the paths',
  })
}

/** @param time of the head */
export function answerRpcErrors(log: (fault: RpcFault) => void, time: () => ChainTime): ErrorRequestHandler {
  return answerErrors({
    statusOf,
    translate,
    internal: () => new InternalError(),
    sentOf: (error) => inTime(error, time()),
    log: (fault) => log({ type: 'rpc:fault', ...fault }),
  })
}

function translate(thrown: unknown): GranaryError | undefined {
  if (thrown instanceof z.core.$ZodError)
    return new RequestInvalidError(thrown.issues.slice(0, PROBLEMS_MAX).map(problemOf))
  const what = unreadableOf(thrown)
  if (what === undefined) return undefined
  if (what === 'encoded') return new BodyEncodingError()
  const tooLarge = what === 'too large'
  return new GranaryError({
    code: tooLarge ? 'BODY_TOO_LARGE' : 'REQUEST_INVALID',
    message: tooLarge ? 'the body is larger than any transaction may be' : `the request cannot be read: it is ${what}`,
    hint: tooLarge
      ? 'a transaction has at most 3 MiB, and 64 KiB when it is sent as JSON'
      : 'send a well-formed request with a valid path and body',
  })
}

function problemOf({ path, message }: z.core.$ZodIssue): { field: string; problem: string } {
  return { field: path.join('.') || 'request', problem: message }
}
