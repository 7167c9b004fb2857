/** Binds the port first and serves later: what the provider registers on the chain is the address it really has. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GranaryError } from '@granary/base'
import { type ConnectionLimits, watchConnections } from './watch-connections.ts'

const IDLE_SOCKET_MS = 120_000
const HEADERS_MS = 15_000
const CHECK_EVERY_MS = 5_000

export class PortInUseError extends GranaryError {
  constructor(host: string, port: number, cause: unknown) {
    super({
      code: 'PORT_IN_USE',
      message: `${host}:${port} is in use by another program`,
      hint: 'stop that program, or choose another --port (0 takes any free one)',
      retryable: false,
      details: { host, port },
      cause,
    })
  }
}

export class HostInvalidError extends GranaryError {
  constructor(host: string, cause: unknown) {
    super({
      code: 'HOST_INVALID',
      message: `${host} is not an address of this machine`,
      hint: 'give --host 127.0.0.1 for this machine alone, or 0.0.0.0 for all its networks',
      retryable: false,
      details: { host },
      cause,
    })
  }
}

/** The operating system may keep a port to itself, as it does the low ones. */
export class PortForbiddenError extends GranaryError {
  constructor(host: string, port: number, cause: unknown) {
    super({
      code: 'PORT_FORBIDDEN',
      message: `this user may not listen on ${host}:${port}`,
      hint: 'choose a --port of 1024 or more',
      retryable: false,
      details: { host, port },
      cause,
    })
  }
}

export interface Listener {
  readonly url: string
  readonly port: number
  /** Until this is called, every request is told to come again. */
  serve(handler: RequestListener): void
  /** Ends the connection that has been waited for the longest, when there is one. */
  endSlowest(): void
  close(): Promise<void>
}

/** @throws PortInUseError, HostInvalidError, PortForbiddenError */
export async function listen(host: string, port: number, limits: ConnectionLimits): Promise<Listener> {
  let handler: RequestListener = refuseWhileStarting
  const timeouts = { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_EVERY_MS }
  const server = createServer(timeouts, (request, response) => handler(request, response))
  // An upload takes as long as it takes, as long as it moves.
  server.requestTimeout = 0
  server.timeout = IDLE_SOCKET_MS
  const watched = watchConnections(server, limits)
  await bind(server, host, port)
  const bound = server.address() as AddressInfo
  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shownHost}:${bound.port}`,
    port: bound.port,
    serve: (serving) => {
      handler = serving
    },
    endSlowest: watched.endSlowest,
    close: () =>
      new Promise((resolve) => {
        watched.stop()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(bindError(host, port, error))
    })
    server.listen(port, host, () => resolve())
  })
}

function bindError(host: string, port: number, error: NodeJS.ErrnoException): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new PortInUseError(host, port, error)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new HostInvalidError(host, error)
    case 'EACCES':
      return new PortForbiddenError(host, port, error)
    default:
      return error
  }
}

const refuseWhileStarting: RequestListener = (_, response) => {
  const error = new GranaryError({
    code: 'STARTING',
    message: 'the provider is starting',
    hint: 'try again in a moment',
    retryable: true,
  })
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(JSON.stringify({ error }))
}
