/** The gateway over HTTP, without the rest of the provider. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect } from '@jest/globals'
import express from 'express'
import { errorHandler } from '../src/http/error-handler.ts'
import { openToBrowsers, retrievalPaths } from '../src/http/open-to-browsers.ts'
import type { StoredPiece } from '../src/retrieval/block-index.ts'
import { createRetrieval, type Retrieval, type RetrievalOptions } from '../src/retrieval/create-retrieval.ts'
import type { ProviderList } from '../src/retrieval/find-peer.ts'
import type { DealDirectory } from '../src/retrieval/find-providers.ts'

export interface Gateway {
  readonly url: string
  readonly retrieval: Retrieval
  readonly events: { type: string; [field: string]: unknown }[]
  stop(): Promise<void>
}

type GatewayOptions = Partial<Pick<RetrievalOptions, 'chain' | 'url' | 'onDamaged' | 'restorationOf'>>

const noDeals: DealDirectory & ProviderList = {
  async *deals() {},
  async *providers() {},
  provider: () => Promise.reject(new Error('no provider')),
}

export async function startGateway(
  folder: string,
  pieces: StoredPiece[],
  { chain = noDeals, ...others }: GatewayOptions = {},
): Promise<Gateway> {
  const events: Gateway['events'] = []
  const retrieval = await createRetrieval({
    folder,
    pieces: () => pieces,
    chain,
    libp2pPort: undefined,
    ...others,
    log: (event) => events.push(event),
  })
  const app = express()
    .use(retrievalPaths, openToBrowsers())
    .use(
      retrieval.router,
      errorHandler((event) => events.push(event)),
    )
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await retrieval.ready
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    retrieval,
    events,
    async stop() {
      server.closeAllConnections()
      server.close()
      await retrieval.stop()
    },
  }
}

/** As fetch, of an answer whose body nobody reads: it is given up, for it would hold its connection, and this process. */
export async function headOf(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  await response.body?.cancel()
  return response
}

export async function bodyOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer())
}

export async function errorOf(response: Response): Promise<{ code: string; hint: string }> {
  const body = (await response.json()) as { error: { code: string; hint: string } }
  expect(body.error.hint).not.toBe('')
  return body.error
}
