/** Binds the port first and serves later: what the provider registers on the chain is the address it really has. */
import { createServer, type RequestListener } from 'node:http'
import { GranaryError } from '@granary/base'
import { listenOn, urlOf } from '@granary/base/http'
import { type ConnectionLimits, watchConnections } from './watch-connections.ts'

const IDLE_SOCKET_MS = 120_000
const HEADERS_MS = 15_000
const CHECK_EVERY_MS = 5_000

export interface Listener {
  readonly url: string
  readonly port: number
  /** Until this is called, every request is told to come again. */
  serve(handler: RequestListener): void
  /** Ends the connection that has been waited for the longest, when there is one. */
  endSlowest(): void
  close(): Promise<void>
}

/** @throws ListenError */
export async function listen(host: string, port: number, limits: ConnectionLimits): Promise<Listener> {
  let handler: RequestListener = refuseWhileStarting
  const timeouts = { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_EVERY_MS }
  const server = createServer(timeouts, (request, response) => handler(request, response))
  // An upload takes as long as it takes, as long as it moves.
  server.requestTimeout = 0
  server.timeout = IDLE_SOCKET_MS
  const watched = watchConnections(server, limits)
  const bound = await listenOn(server, host, port)
  return {
    url: urlOf(host, bound.port),
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

const refuseWhileStarting: RequestListener = (_, response) => {
  const error = new GranaryError({
    code: 'STARTING',
    message: 'the provider is starting',
    hint: 'try again in a moment',
  })
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(JSON.stringify({ error }))
}
