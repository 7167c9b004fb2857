/** The one listener of a node, with limits on what a connection may do. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { listenOn, urlOf } from '@granary/base/http'
import type { AddressOf } from './address-limits.ts'
import { createPlaces } from './create-places.ts'

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

export interface ConnectionLimits {
  /** Of each address. */
  readonly connections: number
  readonly addressOf: AddressOf
  /** Until the headers of a request are there. @default 15 s */
  readonly headersTimeoutMs?: number
  /** Until all of a request is there. @default 60 s */
  readonly requestTimeoutMs?: number
  /** Of a connection on which nothing moves, an answer that nobody reads among them. @default 90 s */
  readonly idleMs?: number
}

const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 60_000
/** How often connections are looked at for requests that take too long. */
const CHECK_EVERY_MS = 5_000
const KEEP_ALIVE_MS = 30_000
/** Longer than who waits for a block is kept waiting, and than an event stream is silent. */
const IDLE_MS = 90_000
const CONNECTIONS_MAX = 1024
/** Requests that are still being answered when the node stops have this long. */
const CLOSE_GRACE_MS = 1_000

/**
 * @param port: 0 for any free one
 * @throws ListenError
 */
export async function listen(
  handler: RequestListener,
  host: string,
  port: number,
  limits: ConnectionLimits,
): Promise<Listening> {
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS, idleMs = IDLE_MS } = limits
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, requestTimeoutMs),
    },
    handler,
  )
  server.maxConnections = CONNECTIONS_MAX
  server.timeout = idleMs
  const places = createPlaces(limits.connections)
  server.on('connection', (socket) => {
    const giveBack = places.take(limits.addressOf(socket))
    if (giveBack === undefined) socket.destroy()
    else socket.once('close', giveBack)
  })
  const bound = await listenOn(server, host, port)
  return { url: urlOf(bound.address, bound.port), close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(timer)
}
