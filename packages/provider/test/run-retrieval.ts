/** The retrieval of some CARs as a process of its own, by HTTP and by bitswap: says one line of JSON when it serves. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenOn, urlOf } from '@granary/base/http'
import { pieceOf } from '@granary/content'
import express from 'express'
import { createRetrieval } from '../src/retrieval/create-retrieval.ts'

const host = '127.0.0.1'
const folder = await mkdtemp(join(tmpdir(), 'granary-retrieval-'))
const chain = {
  async *deals() {},
  async *providers() {},
  provider: () => Promise.reject(new Error('no provider')),
}
const retrieval = await createRetrieval({ folder, pieces: () => [], chain, libp2pPort: 0, log: () => undefined })
for (const path of process.argv.slice(2)) {
  const { pieceCid, payloadSize } = await pieceOf(createReadStream(path))
  await retrieval.addPiece({ pieceCid, path, payloadSize, rootCid: '' })
}
const server = createServer(express().use(retrieval.router))
const { port } = await listenOn(server, host, 0)
process.once('SIGTERM', async () => {
  server.close()
  server.closeAllConnections()
  await retrieval.stop()
  await rm(folder, { recursive: true })
  process.exit()
})
process.stdout.write(`${JSON.stringify({ url: urlOf(host, port), multiaddr: retrieval.multiaddrs[0] })}\n`)
