/** Binds the port first and serves later: what the provider registers on the chain is the address it really has. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GranaryError } from '@granary/errors'

const IDLE_SOCKET_MS = 120_000
const HEADERS_MS = 30_000

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

export interface Listener {
  readonly url: string
  readonly port: number
  /** Until this is called, every request is told to come again. */
  serve(handler: RequestListener): void
  close(): Promise<void>
}

/** @throws PortInUseError */
export async function listen(host: string, port: number): Promise<Listener> {
  let handler: RequestListener = refuseWhileStarting
  const server = createServer((request, response) => handler(request, response))
  // An upload takes as long as it takes; a connection on which nothing moves is closed.
  server.requestTimeout = 0
  server.headersTimeout = HEADERS_MS
  server.timeout = IDLE_SOCKET_MS
  await bind(server, host, port)
  const bound = server.address() as AddressInfo
  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shownHost}:${bound.port}`,
    port: bound.port,
    serve: (serving) => {
      handler = serving
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(host, port, error) : error)
    })
    server.listen(port, host, () => resolve())
  })
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
