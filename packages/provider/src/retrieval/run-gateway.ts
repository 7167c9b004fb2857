/** The gateway alone, over some CARs: the provider's own retrieval, without a chain, deals or libp2p. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenOn, urlOf } from '@granary/base/http'
import { pieceOf } from '@granary/content'
import { FileUnreadableError } from '@granary/content/node'
import express from 'express'
import { errorHandler, notFound } from '../http/error-handler.ts'
import { openToBrowsers, retrievalPaths } from '../http/open-to-browsers.ts'
import { type Log, withTimeAndLevel } from '../log.ts'
import type { StoredPiece } from './block-index.ts'
import { createRetrieval } from './create-retrieval.ts'
import type { ProviderList } from './find-peer.ts'
import type { DealDirectory } from './find-providers.ts'

export interface RunGatewayOptions {
  /** Paths of CARs. All their blocks are served, whether a root leads to them or not. */
  readonly cars: readonly string[]
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 for any free one. */
  readonly port: number
  readonly log?: Log
}

export interface RunningGateway {
  readonly url: string
  stop(): Promise<void>
}

const noDeals: DealDirectory & ProviderList = {
  async *deals() {},
  async *providers() {},
  provider: (id) => Promise.reject(new RangeError(`without a chain there is no provider ${id}`)),
}

/** @throws FileUnreadableError FILE_UNREADABLE, CarInvalidError CAR_INVALID, ListenError */
export async function runGateway({
  cars,
  host = '127.0.0.1',
  port,
  log: line = () => {},
}: RunGatewayOptions): Promise<RunningGateway> {
  const log = withTimeAndLevel(line)
  const pieces = await Promise.all(cars.map(pieceAt))
  const folder = await mkdtemp(join(tmpdir(), 'granary-gateway-'))
  const retrieval = await createRetrieval({ folder, pieces: () => [], chain: noDeals, libp2pPort: undefined, log })
  const server = createServer(
    express()
      .disable('x-powered-by')
      .use(retrievalPaths, openToBrowsers())
      .use(retrieval.router, notFound(), errorHandler(log)),
  )
  const stop = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await retrieval.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for (const piece of pieces) await retrieval.addPiece(piece)
    const bound = await listenOn(server, host, port)
    return { url: urlOf(host, bound.port), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function pieceAt(path: string): Promise<StoredPiece> {
  const { pieceCid, payloadSize } = await pieceOf(createReadStream(path)).catch((error: unknown) => {
    if (!Error.isError(error) || Reflect.get(error, 'syscall') === undefined) throw error
    throw new FileUnreadableError(path, error.message, error)
  })
  // Which of its roots it is stored for does not matter here; that it is a CAR does.
  return { pieceCid, path, payloadSize, rootCid: '' }
}
