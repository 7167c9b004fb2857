/** One HTTP call to a node: address, deadline, retries where a repetition cannot do harm, errors as the node named them. */
import { GranaryError, retry } from '@granary/base'
import { ChainAnswerError, ChainUnreachableError } from './errors.ts'
import { behindError, type KnownChain } from './known-chain.ts'
import { readBody } from './read-body.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface Transport {
  readonly url: string
  readonly fetch: typeof fetch
  /** How often a call that may be repeated is tried again. */
  readonly retries: number
  readonly known: KnownChain
}

export interface CallInput {
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** Sent by POST: bytes as they are, anything else as JSON. */
  readonly body?: unknown
  /** True when sending it twice has the effect of sending it once. */
  readonly repeatable: boolean
  readonly timeoutMs: number
}

/** The largest answer is a transaction with its proof of replication, in hex. */
const ANSWER_BYTES_MAX = 16 << 20
const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 1_500

/**
 * @throws ChainUnreachableError when nobody answers
 * @throws ChainAnswerError when what answers is no chain node
 * @throws ForeignChainError when it is a node of another chain
 * @throws ChainBehindError when it does not find something, at a height below one that was seen before the call
 * @throws GranaryError the node's own error, unchanged
 */
export async function call(transport: Transport, input: CallInput, options: CallOptions = {}): Promise<object> {
  let transient = false
  const attempt = async (): Promise<object> => {
    transient = true
    const seen = transport.known.height
    const { response, body } = await send(transport, input, options.signal)
    // A busy or restarting node, or a proxy in front of one, may do better in a moment; a verdict stays what it is.
    transient = response.status === 429 || response.status >= 500
    const height = transport.known.observe(response)
    if (!response.ok) {
      const error = errorOf(body, response, input)
      const behind = behindError(transport.url, error, height, seen)
      transient ||= behind !== undefined
      throw behind ?? error
    }
    if (typeof body !== 'object' || body === null) throw new ChainAnswerError(urlOf(transport, input), response.status)
    return body
  }
  return retry(attempt, {
    retries: input.repeatable ? transport.retries : 0,
    minMs: RETRY_DELAY_MIN_MS,
    maxMs: RETRY_DELAY_MAX_MS,
    factor: 3,
    spread: true,
    signal: options.signal,
    isPassing: (error) => transient && GranaryError.is(error) && error.retryable,
  })
}

/** The error that an answer carries, or that it is no answer of a chain node. */
export function errorOf(body: unknown, response: Response, input: { path: string }): GranaryError {
  const wire = typeof body === 'object' && body !== null ? (body as { error?: unknown }).error : undefined
  return GranaryError.fromWire(wire) ?? new ChainAnswerError(response.url || input.path, response.status)
}

/** undefined for what is no JSON, or longer than any answer of a node. */
export async function jsonOf(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await readBody(response, ANSWER_BYTES_MAX))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

export function urlOf(transport: Transport, input: Pick<CallInput, 'path' | 'query'>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {})) if (value !== undefined) query.set(name, String(value))
  return `${transport.url}${input.path}${query.size === 0 ? '' : `?${query}`}`
}

async function send(
  transport: Transport,
  input: CallInput,
  signal: AbortSignal | undefined,
): Promise<{ response: Response; body: unknown }> {
  // Not AbortSignal.timeout: each of those makes an error with its stack when its time is up, long after the answer.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error(`nothing in ${input.timeoutMs} ms`)), input.timeoutMs)
  const { body } = input
  const content =
    body === undefined
      ? { method: 'GET' }
      : body instanceof Uint8Array
        ? { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': 'application/octet-stream' } }
        : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  try {
    const response = await transport.fetch(urlOf(transport, input), {
      ...content,
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    })
    return { response, body: await jsonOf(response) }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw new ChainUnreachableError(transport.url, error)
  } finally {
    clearTimeout(timer)
  }
}
