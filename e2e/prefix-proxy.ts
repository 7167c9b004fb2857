/** A reverse proxy on 127.0.0.1 that serves a provider under a path of its own, as many share one address. */
import { createServer, request as requestOf } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PrefixProxy {
  readonly port: number
  /** Paths that were asked for, with their prefix or without. */
  readonly asked: readonly string[]
}

export async function createPrefixProxy(options: {
  readonly prefix: string
  readonly port: () => number
  readonly signal: AbortSignal
}): Promise<PrefixProxy> {
  const { prefix, signal } = options
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { url = '', method = 'GET', headers } = request
    asked.push(url)
    if (!url.startsWith(`${prefix}/`)) return void response.writeHead(404).end('another site')
    const upstream = requestOf({
      host: '127.0.0.1',
      port: options.port(),
      path: url.slice(prefix.length),
      method,
      headers,
    })
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    upstream.on('error', () => response.destroy())
    request.on('error', () => upstream.destroy())
    request.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', signal }, resolve))
  signal.addEventListener('abort', () => server.closeAllConnections(), { once: true })
  return { port: (server.address() as AddressInfo).port, asked }
}
