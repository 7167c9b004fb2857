/**
 * One JSON request to a provider: its answer is parsed by a schema, its error keeps its code
 * (docs/spec/market-protocol.md).
 */

import { GranaryError, isAbortError } from '@granary/base'
import { readBody } from '@granary/protocol/client'
import { MessageInvalidError } from '@granary/protocol/messages'
import { problemOf } from '@granary/protocol/operation'
import type * as z from 'zod/mini'
import type { Fetch } from '../ports.ts'

/** Who was asked: one of the chain's providers, or a gateway that somebody has configured. */
export type Asked = 'provider' | 'gateway'

/** The provider did not answer at all, or not in time. */
export class ProviderUnreachableError extends GranaryError {
  constructor(url: string, cause: unknown, asked: Asked = 'provider') {
    super({
      code: 'PROVIDER_UNREACHABLE',
      message: `the ${asked} at ${url} does not answer: ${reasonOf(cause)}`,
      hint: 'try again later, or choose another provider',
      details: { url },
      cause,
    })
  }
}

/** The provider answered something that its protocol does not know. */
export class ProviderAnswerError extends GranaryError {
  constructor(url: string, what: string, status?: number, asked: Asked = 'provider') {
    super({
      code: 'PROVIDER_ANSWER_INVALID',
      message: `the ${asked} at ${url} gave an answer that is not understood: ${what}`,
      hint: 'the address may be that of another program, or its version may not fit this one',
      retryable: status !== undefined && status >= 500,
      details: status === undefined ? { url } : { url, status },
    })
  }
}

export interface JsonRequest<T> {
  readonly url: string
  readonly schema: z.ZodMiniType<T>
  /** Sent as JSON with POST; without it the request is a GET. */
  readonly body?: unknown
  readonly token?: string
  readonly fetch?: Fetch | undefined
  readonly signal?: AbortSignal | undefined
  /** @default 30_000 */
  readonly timeoutMs?: number
}

/** @throws ProviderUnreachableError, ProviderAnswerError, or the error that the provider named */
export async function requestJson<T>(request: JsonRequest<T>): Promise<T> {
  const { url, schema, body, token, signal, timeoutMs = 30_000, fetch = globalThis.fetch } = request
  const timeout = AbortSignal.timeout(timeoutMs)
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      headers,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    text = await readBody(response)
  } catch (error) {
    if (isAbortError(error) && signal?.aborted) throw error
    if (error instanceof RangeError) throw new ProviderAnswerError(url, error.message)
    throw new ProviderUnreachableError(url, error)
  }
  const json = parseJson(text)
  if (!response.ok) throw errorOf(url, response.status, json)
  return parseAnswer(url, schema, json)
}

function parseAnswer<T>(url: string, schema: z.ZodMiniType<T>, json: unknown): T {
  try {
    const parsed = schema.safeParse(json)
    if (parsed.success) return parsed.data
    throw new ProviderAnswerError(url, problemOf(parsed.error))
  } catch (error) {
    // Quotes and terms have parsers of their own, which name the field.
    if (error instanceof MessageInvalidError) throw new ProviderAnswerError(url, error.message)
    throw error
  }
}

/** The error that an HTTP answer carries, or one that names the status when it carries none. */
export function errorOf(url: string, status: number, json: unknown, asked?: Asked): GranaryError {
  const wire = typeof json === 'object' && json !== null ? (json as { error?: unknown }).error : undefined
  return GranaryError.fromWire(wire) ?? new ProviderAnswerError(url, `HTTP ${status} without an error`, status, asked)
}

/** undefined: it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `fetch` rejects with "fetch failed"; what the network said is in its cause. */
export function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message, cause, code, name } = error as { message?: string; cause?: unknown; code?: unknown; name?: string }
  if (name === 'TimeoutError') return 'no answer in time'
  if (cause !== undefined) return reasonOf(cause)
  return message || (typeof code === 'string' ? code : 'unknown reason')
}
