/** The one listener of a node, with limits on what a connection may do, and errors that say what to do about a port. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GranaryError } from '@granary/base'
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
 * @throws GranaryError PORT_IN_USE, PORT_FORBIDDEN, HOST_INVALID
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
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, host, port)
  }
  return { url: urlOf(server), close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(timer)
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = Error.isError(error) ? (error as NodeJS.ErrnoException).code : undefined
  const details = { host, port }
  if (code === 'EADDRINUSE')
    return new GranaryError({
      code: 'PORT_IN_USE',
      message: `port ${port} on ${host} is in use`,
      hint: 'stop the program that has it, choose another with --port, or 0 for any free one',
      retryable: false,
      details,
      cause: error,
    })
  if (code === 'EACCES')
    return new GranaryError({
      code: 'PORT_FORBIDDEN',
      message: `this user may not listen on port ${port}`,
      hint: 'choose a port above 1023 with --port, or 0 for any free one',
      retryable: false,
      details,
      cause: error,
    })
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new GranaryError({
      code: 'HOST_INVALID',
      message: `${host} is not an address of this machine`,
      hint: 'give --host 127.0.0.1 for this machine alone, or 0.0.0.0 for all its networks',
      retryable: false,
      details,
      cause: error,
    })
  return error
}
