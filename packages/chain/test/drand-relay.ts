/** A relay of a drand network on this machine, over real HTTP, that answers as a test wants it to. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface DrandRelay {
  readonly url: string
  /** Rounds in the order in which they were asked for. */
  readonly asked: number[]
  close(): Promise<void>
}

export interface RelayAnswer {
  readonly status?: number
  readonly body: string
}

/**
 * @param answer undefined: the relay does not answer at all
 * @param latest: the newest round that it has; undefined: it has none
 */
export async function startDrandRelay(
  answer: (round: number) => RelayAnswer | undefined,
  latest: () => number | undefined = () => undefined,
): Promise<DrandRelay> {
  const asked: number[] = []
  const server = createServer((request, response) => {
    const [, which = ''] = /^\/chain\/public\/([0-9]+|latest)$/.exec(request.url ?? '') ?? []
    const round = which === 'latest' ? latest() : Number(which)
    if (round !== undefined) asked.push(round)
    const given = round === undefined ? { status: 404, body: '' } : answer(round)
    if (given === undefined) return
    response.writeHead(given.status ?? 200, { 'content-type': 'application/json' }).end(given.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/chain`,
    asked,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
