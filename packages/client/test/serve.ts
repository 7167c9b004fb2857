/** A real HTTP server on a free port for one test. */

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'

export interface Served extends AsyncDisposable {
  readonly url: string
}

export async function serve(listener: RequestListener, port = 0): Promise<Served> {
  const server = createServer(listener)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${bound}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
