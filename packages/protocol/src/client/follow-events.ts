/**
 * The chain's events as one endless sequence: reconnects when the stream breaks and goes on behind the last event
 * that arrived (Last-Event-ID), so that none is lost and none comes twice.
 */
import { GranaryError, sleep } from '@granary/base'
import { followEvents as operation } from '../chain-api/operations.ts'
import type { StreamEvent, StreamType } from '../events/chain-event.ts'
import { ChainBehindError, ChainUnreachableError } from './errors.ts'
import { parseEvent } from './parse-event.ts'
import { readServerSentEvents } from './read-server-sent-events.ts'
import { type CallOptions, errorOf, jsonOf, type Transport, urlOf } from './request.ts'

export interface EventsOptions<T extends StreamType = StreamType> extends CallOptions {
  /** Only these types; `block` events come only when asked for or when nothing is asked for. @default all */
  readonly types?: readonly T[]
  /** A height (everything after that block), or the id of the last event seen. @default from now on */
  readonly since?: string
}

interface Place {
  readonly height: number
  /** Where to resume behind it. */
  readonly id: string
}

/** One event of the chain, of one of these types. */
export type FollowedEvent<T extends StreamType = StreamType> = Extract<StreamEvent, { type: T }> & Place

/** The node names its position this often, so a stream that is silent for much longer is dead. */
const SILENCE_MAX_MS = 45_000
const RECONNECT_DELAY_MIN_MS = 100
const RECONNECT_DELAY_MAX_MS = 5_000

/**
 * Ends only by the caller's `break` or signal, or by an error that trying again cannot mend.
 * @throws ChainUnreachableError when even the first connection fails
 * @throws ForeignChainError when the node is, or has become, one of another chain
 */
export async function* followEvents<T extends StreamType>(
  transport: Transport,
  options: EventsOptions<T>,
): AsyncGenerator<FollowedEvent<T>> {
  let lastId = options.since
  let connected = false
  let failures = 0
  for (;;) {
    try {
      for await (const { id, event, data } of connect(transport, options, lastId)) {
        connected = true
        failures = 0
        lastId = id
        transport.known.reach(heightOf(id))
        // Not an event of the chain: the node says how far it has read.
        if (event === 'position') continue
        const followed = parseEvent(`${transport.url}${operation.path}`, { ...objectOf(data), type: event })
        if (followed !== undefined) yield { ...followed, height: heightOf(id), id } as FollowedEvent<T>
      }
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      const mendable = !GranaryError.is(error) || error.retryable
      if (!mendable || (!connected && failures >= transport.retries)) throw error
    }
    failures += 1
    const delayMs = Math.min(RECONNECT_DELAY_MAX_MS, RECONNECT_DELAY_MIN_MS * 2 ** Math.min(failures, 10))
    await sleep(delayMs * (0.5 + Math.random() / 2), options.signal)
  }
}

async function* connect<T extends StreamType>(
  transport: Transport,
  options: EventsOptions<T>,
  lastId: string | undefined,
): AsyncGenerator<{ id: string; event: string; data: string }> {
  const silence = new AbortController()
  const onSilence = () => silence.abort(new Error(`silent for ${SILENCE_MAX_MS / 1000} s`))
  let timer = setTimeout(onSilence, SILENCE_MAX_MS)
  const signal = options.signal === undefined ? silence.signal : AbortSignal.any([options.signal, silence.signal])
  try {
    const input = { path: operation.path, query: { types: options.types?.join(',') } }
    const headers = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) }
    const response = await transport.fetch(urlOf(transport, input), { headers, signal })
    const height = transport.known.observe(response)
    // It would refuse to go on behind what it has not reached; it may get there.
    if (lastId !== undefined && heightOf(lastId) > height) {
      throw new ChainBehindError(transport.url, height, heightOf(lastId))
    }
    if (!response.ok || response.body === null) throw errorOf(await jsonOf(response), response, input)
    for await (const event of readServerSentEvents(response.body)) {
      clearTimeout(timer)
      timer = setTimeout(onSilence, SILENCE_MAX_MS)
      yield event
    }
  } catch (error) {
    throw GranaryError.is(error) ? error : new ChainUnreachableError(transport.url, error)
  } finally {
    clearTimeout(timer)
  }
}

function objectOf(json: string): object {
  try {
    return Object(JSON.parse(json))
  } catch {
    return {}
  }
}

/** Ids are `height.index`, or a height alone. */
function heightOf(id: string): number {
  return Number.parseInt(id, 10)
}
