/**
 * GET /v1/events: what happens on the chain, as server-sent events. Each connection reads the store behind its own
 * position, so a slow reader gets everything later instead of losing it, and a reconnect goes on with Last-Event-ID.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { eventId, followEvents } from '@granary/protocol/chain-api'
import { listenTo, openStream, type ServedOperation } from '@granary/protocol/http'
import { inEnglish, type NodeOperation } from '@granary/protocol/operation'
import type { Response } from 'express'
import * as z from 'zod/mini'
import type { Engine } from '../../engine/engine.ts'
import type { Store } from '../../store/open-store.ts'
import type { EventPosition } from '../../store/records.ts'
import type { AddressOf } from '../address-limits.ts'
import { createPlaces } from '../create-places.ts'
import { AddressBusyError, RequestInvalidError, StreamsFullError } from '../errors.ts'

const STREAMS_MAX = 256
const EVENTS_PER_READ = 500
/** A stream that reads up a long history lets blocks and other requests pass after so many reads. */
const READS_PER_TURN = 32
/** Clients take a stream that is silent for three of these as dead. */
const POSITION_EVERY_MS = 15_000
const STALL_MAX_MS = 60_000

const eventsHeaders = z.strictObject({ 'last-event-id': z.optional(eventId) })

export interface EventStreams {
  readonly served: ServedOperation<NodeOperation>
  /** Ends all streams; their clients reconnect, elsewhere or later. */
  close(): void
}

export interface EventRoutesParts {
  readonly engine: Engine
  readonly store: Store
  readonly limits: { readonly eventStreams: number }
  readonly addressOf: AddressOf
}

export function eventRoutes({ engine, store, limits, addressOf }: EventRoutesParts): EventStreams {
  const open = new Set<AbortController>()
  const places = createPlaces(limits.eventStreams)
  const served = listenTo(followEvents, async ({ query: { types, since }, request, response }) => {
    const headers = eventsHeaders.parse({ 'last-event-id': request.get('last-event-id') }, inEnglish)
    const resume = headers['last-event-id'] ?? since
    const from = positionOf(resume, store)
    if (open.size >= STREAMS_MAX) throw new StreamsFullError(STREAMS_MAX)
    const giveBack = places.take(addressOf(request.socket))
    if (giveBack === undefined) throw new AddressBusyError('event streams', limits.eventStreams)
    const ended = new AbortController()
    open.add(ended)
    response.once('close', () => ended.abort())
    try {
      if (!openStream({ request, response })) return
      await stream(response, ended.signal, { engine, store }, from, types && new Set(types))
    } finally {
      open.delete(ended)
      giveBack()
      response.end()
    }
  })
  return {
    served,
    close() {
      for (const ended of open) ended.abort()
    },
  }
}

async function stream(
  response: Response,
  signal: AbortSignal,
  { engine, store }: { engine: Engine; store: Store },
  from: EventPosition,
  types: ReadonlySet<string> | undefined,
): Promise<void> {
  let position = from
  let reads = 0
  let wake: () => void = () => undefined
  const stopListening = engine.onBlock(() => wake())
  signal.addEventListener('abort', () => wake(), { once: true })
  try {
    // At once, so that a client that loses the connection before the first event still knows where it stands.
    await send(response, signal, position, 'position', { height: position.height })
    while (!signal.aborted) {
      const next = await sendBehind(response, signal, store, position, types)
      if (next !== undefined) {
        position = next
        reads += 1
        if (reads % READS_PER_TURN === 0) await setImmediate()
        continue
      }
      const timeUp = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), POSITION_EVERY_MS)
        wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
        // The abort may have come between the loop's look at it and this listener.
        if (signal.aborted) wake()
      })
      if (timeUp) await send(response, signal, position, 'position', { height: position.height })
    }
  } finally {
    stopListening()
  }
}

/** Sends the events of one block, or some of them; undefined when there is nothing behind the position. */
async function sendBehind(
  response: Response,
  signal: AbortSignal,
  store: Store,
  position: EventPosition,
  types: ReadonlySet<string> | undefined,
): Promise<EventPosition | undefined> {
  // A block's own event comes behind all others of it, with the number that follows theirs.
  const count = store.eventCountOf(position.height)
  const { height, index } = position.index < count ? position : { height: position.height + 1, index: -1 }
  const block = store.block(height)
  if (block === undefined) return undefined
  const events = store.eventsAfter({ height, index }, EVENTS_PER_READ).filter((record) => record.height === height)
  for (const record of events) {
    if (types?.has(record.event.type) === false) continue
    await send(response, signal, record, record.event.type, { ...record.event, height })
  }
  const last = { height, index: events.at(-1)?.index ?? index }
  if (last.index + 1 < store.eventCountOf(height)) return last
  const end = { height, index: last.index + 1 }
  if (types?.has('block') !== false) await send(response, signal, end, 'block', { height, timeMs: block.timeMs })
  return end
}

async function send(
  response: Response,
  signal: AbortSignal,
  { height, index }: EventPosition,
  event: string,
  data: object,
): Promise<void> {
  if (signal.aborted) return
  const fits = response.write(`id: ${height}.${index}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  if (fits) return
  const stalled = AbortSignal.timeout(STALL_MAX_MS)
  try {
    await once(response, 'drain', { signal: AbortSignal.any([signal, stalled]) })
  } catch (error) {
    // A reader that takes nothing any more is cut off; it can come back and resume.
    if (stalled.aborted) response.destroy()
    else if (!signal.aborted) throw error
  }
}

/** Without a wish to resume, a stream starts behind the head. */
function positionOf(resume: string | undefined, store: Store): EventPosition {
  const head = store.head()?.height ?? 0
  const [height = head, index = store.eventCountOf(height)] = resume?.split('.').map(Number) ?? []
  if (height <= head) return { height, index }
  throw new RequestInvalidError([{ field: 'since', problem: `block ${height} is not there yet, the head is ${head}` }])
}
