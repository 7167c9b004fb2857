/**
 * The one error of Granary. Every package derives its own named errors from it, and it crosses HTTP unchanged.
 * `code` is stable, and the catalogue says what is known of it; `hint` says what the reader can do about it.
 */
import type { ErrorCode } from './errors/error-catalogue.ts'
import { passingFactsOf } from './errors/passing-errors.ts'
import { withoutPasswords } from './without-passwords.ts'

/** What travels as `{ error: … }` in an HTTP answer, and as `error` in `--json` output. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly retryable: boolean
  readonly details?: Readonly<Record<string, unknown>>
}

export interface GranaryErrorOptions {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  /** Where it depends on the case. @default what the catalogue says of the code */
  readonly retryable?: boolean
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

export class GranaryError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor({ code, message, hint, retryable, details, cause }: GranaryErrorOptions) {
    super(withoutPasswords(message), cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.hint = withoutPasswords(hint)
    this.retryable = retryable ?? passingFactsOf(code) !== undefined
    this.details = shown(details)
  }

  toJSON(): WireError {
    const { code, message, hint, retryable, details } = this
    return details === undefined ? { code, message, hint, retryable } : { code, message, hint, retryable, details }
  }

  /** True for errors of any copy of this package: `instanceof` fails across two installed versions. */
  static is(value: unknown): value is GranaryError {
    if (!Error.isError(value)) return false
    const { code, hint, retryable } = value as Partial<GranaryError>
    return typeof code === 'string' && typeof hint === 'string' && typeof retryable === 'boolean'
  }

  /** Rebuilds an error that came over HTTP; anything that does not have its shape gives undefined. */
  static fromWire(value: unknown): GranaryError | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    const { code, message, hint, retryable, details } = value as Record<string, unknown>
    if (typeof code !== 'string' || typeof message !== 'string') return undefined
    return new GranaryError({
      code: relayedCode(code),
      message,
      hint: typeof hint === 'string' ? hint : '',
      retryable: retryable === true,
      ...(typeof details === 'object' && details !== null ? { details: details as Record<string, unknown> } : {}),
    })
  }
}

/** Nobody's details are deeper; who sends such would have who reads or prints them run out of stack. */
const DEPTH_MAX = 16

/** Addresses in it are without passwords, wherever they stand: errors are printed, logged and sent on. */
function shown<T>(value: T, depth = DEPTH_MAX): T | undefined {
  if (typeof value === 'string') return withoutPasswords(value) as T
  if (Array.isArray(value)) return depth === 0 ? undefined : (value.map((inner) => shown(inner, depth - 1)) as T)
  if (value?.constructor !== Object) return value
  if (depth === 0) return undefined
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner, depth - 1)])) as T
}

/**
 * A code as another program sent it, or the operating system: kept as it came, though this release may not know it. So
 * nothing may rely on the catalogue having it: `factsOf` may be undefined.
 */
export function relayedCode(code: string): ErrorCode {
  return code as ErrorCode
}

/** Abort errors pass through untouched: they are an answer to the caller's own signal, not a failure. */
export function isAbortError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'AbortError'
}
