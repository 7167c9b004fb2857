import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from '@jest/globals'
import express from 'express'
import { errorHandler } from './error-handler.ts'
import { holdPlace } from './hold-place.ts'
import { limitAddresses } from './limit-addresses.ts'

async function listenWith(handler: express.RequestHandler) {
  const app = express()
  const limits = { downloads: 1, downloadsPerAddress: 8, requestsPerMinute: 1_000, bytesPerMinute: 1_000_000 }
  const bytes = { spend: () => Promise.resolve(undefined) }
  app.use(limitAddresses({ ...limits, bytes, addressOf: () => 'x', onDownloadsFull: () => undefined }))
  app.get('/never', () => undefined)
  app.get('/ipfs/:cid', handler)
  app.use(errorHandler(() => undefined))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { port, ask: () => fetch(`http://127.0.0.1:${port}/ipfs/next`), stop }
}

test('a download keeps its place until the work for it has ended, whoever has left', async () => {
  const begun = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const work = Promise.withResolvers<void>()
  const { port, ask, stop } = await listenWith(async (request, response) => {
    if (request.params.cid === 'next') return void response.end()
    response.once('close', left.resolve)
    begun.resolve()
    await holdPlace(response, work.promise)
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /ipfs/long HTTP/1.1\r\nHost: x\r\n\r\n')
  await begun.promise
  socket.destroy()
  await left.promise
  expect((await ask()).status).toBe(503)
  work.resolve()
  await work.promise
  expect((await ask()).status).toBe(200)
  stop()
})

test('a request that waits behind another on a line that breaks gives its place back', async () => {
  const begun = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const { port, ask, stop } = await listenWith((request, response) => {
    if (request.params.cid === 'next') return void response.end()
    request.socket.once('close', left.resolve)
    begun.resolve()
  })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\nGET /ipfs/second HTTP/1.1\r\nHost: x\r\n\r\n')
  await begun.promise
  socket.destroy()
  await left.promise
  expect((await ask()).status).toBe(200)
  stop()
})
