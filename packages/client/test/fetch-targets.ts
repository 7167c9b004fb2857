/** The servers that `fetchContract` is tried on, for pages of any origin too. */
import type { FetchTargets } from './ports-contract.ts'
import { serve } from './serve.ts'

export async function fetchTargets(): Promise<FetchTargets & AsyncDisposable> {
  const server = await serve(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-methods', 'GET, PATCH')
    response.setHeader('access-control-allow-headers', 'upload-offset')
    response.setHeader('access-control-expose-headers', 'upload-offset')
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else if (request.url === '/open') response.write('first')
    else {
      const received = Buffer.concat(await request.toArray())
      response.writeHead(423, { 'upload-offset': request.headers['upload-offset'] }).end(received)
    }
  })
  return {
    echo: `${server.url}/echo`,
    open: `${server.url}/open`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
