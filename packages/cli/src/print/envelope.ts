/** The one JSON document that a command prints with --json: the same shape for success and failure. */
import { GranaryError, isAbortError, type WireError } from '@granary/base'

export interface Action {
  /** A command that can be run as it stands. */
  readonly cmd: string
  readonly why: string
}

export interface Envelope<T> {
  readonly schemaVersion: 1
  readonly ok: boolean
  readonly code: string
  readonly data: T | null
  readonly error: WireError | null
  readonly actions: readonly Action[]
}

/** https://sqlite.org/rescode.html#full: of a manifest, or a lock. */
const SQLITE_FULL = 13

export function success<T>(data: T, actions: readonly Action[] = []): Envelope<T> {
  return { schemaVersion: 1, ok: true, code: 'OK', data, error: null, actions }
}

/** There is a result, and it is not all that was asked for. */
export function partly<T>(data: T, actions: readonly Action[] = []): Envelope<T> {
  return { ...success(data, actions), ok: false, code: 'PARTIAL' }
}

export function failure(error: unknown, actions: readonly Action[] = []): Envelope<never> {
  const wire = wireOf(error)
  return { schemaVersion: 1, ok: false, code: wire.code, data: null, error: wire, actions }
}

/** Anything that was thrown, in the shape of our own errors. */
export function wireOf(error: unknown): WireError {
  if (isAbortError(error)) {
    const hint = 'run the same command again: what is sent and paid already is not sent or paid again'
    return { code: 'INTERRUPTED', message: 'interrupted', hint, retryable: true }
  }
  if (GranaryError.is(error)) {
    const { code, message, hint, retryable, details } = error
    return { code, message, hint, retryable, ...(details === undefined ? {} : { details }) }
  }
  const message = Error.isError(error) ? error.message : String(error)
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  const hint =
    errcode === SQLITE_FULL || (typeof code === 'string' && !code.startsWith('ERR_'))
      ? 'the operating system refused this: check the path, its permissions and the space on the disk'
      : 'this is a fault in Granary: please report it, with the command and GRANARY_DEBUG=1 set'
  return { code: typeof code === 'string' ? code : 'UNEXPECTED', message, hint, retryable: false }
}
