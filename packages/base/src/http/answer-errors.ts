/** The last handler of an HTTP interface: whatever was thrown leaves as `{ error }`, with the status of its code. */
import type { ErrorRequestHandler } from 'express'
import { GranaryError, isAbortError, type WireError } from '../granary-error.ts'
import { statusOf as statusOfCode } from './status-of.ts'

/** A fault of the program itself: it is told to its log, and the answer says only that there was one. */
export interface Fault {
  readonly method: string
  readonly path: string
  readonly message: string
  readonly stack: string | undefined
}

/** How a request was wrong before anything of ours has seen it. */
export type Unreadable = 'too large' | 'encoded' | 'not JSON' | 'malformed'

export interface AnswerErrorsParts {
  /** @default that of the catalogue */
  readonly statusOf?: (error: GranaryError) => number
  /** The service's own words for what its parsers throw; undefined for a fault of the program. */
  readonly translate: (thrown: unknown) => GranaryError | undefined
  readonly internal: () => GranaryError
  /** What is sent of an error. @default all of it, as it is */
  readonly sentOf?: (error: WireError) => WireError
  readonly log: (fault: Fault) => void
}

export function answerErrors({
  statusOf = statusOfCode,
  translate,
  internal,
  sentOf = (error) => error,
  log,
}: AnswerErrorsParts): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    // Who asked has left.
    if (isAbortError(thrown)) return next(thrown)
    const error = GranaryError.is(thrown) ? thrown : translate(thrown)
    if (error === undefined) {
      const { message, stack } = Error.isError(thrown) ? thrown : { message: String(thrown), stack: undefined }
      log({ method: request.method, path: request.path, message, stack })
    }
    // Half an answer has gone out: Express cuts the connection, so that nobody takes it for a whole one.
    if (response.headersSent) return next(thrown)
    const answer = error ?? internal()
    const { retryAfterSeconds } = answer.details ?? {}
    if (typeof retryAfterSeconds === 'number') response.set('retry-after', String(retryAfterSeconds))
    response.status(statusOf(answer)).json({ error: sentOf(answer.toJSON()) })
  }
}

/** What Express and its body parsers throw says by its HTTP status that the request is to blame. */
export function unreadableOf(thrown: unknown): Unreadable | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const { status, type } = thrown as { status?: unknown; type?: unknown }
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  return parserTypes[String(type)] ?? 'malformed'
}

const parserTypes: Readonly<Record<string, Unreadable>> = {
  'entity.too.large': 'too large',
  'encoding.unsupported': 'encoded',
  'entity.parse.failed': 'not JSON',
}
