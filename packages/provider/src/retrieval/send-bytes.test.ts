import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import { sendStream } from './send-bytes.ts'

/** In all more than the system takes of what nobody reads. */
const CHUNK_BYTES = 1024 * 1024
const CHUNKS = 24

let port: number
let stop: () => void
let closed: Promise<number>
let asked: Promise<void>
let released: Promise<void>

beforeAll(async () => {
  const app = express()
  closed = new Promise((resolve) => {
    app.get('/endless', async (request, response) => {
      let chunks = 0
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) {
            chunks += 1
            yield new Uint8Array(65_536)
          }
        } finally {
          resolve(chunks)
        }
      }
      await sendStream(request, response, endless())
    })
  })
  const opening = Promise.withResolvers<void>()
  const releasing = Promise.withResolvers<void>()
  asked = opening.promise
  released = releasing.promise
  app.get('/slow', async (request, response) => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      try {
        opening.resolve()
        await once(response, 'close')
        yield new Uint8Array(10)
        yield new Uint8Array(10)
      } finally {
        releasing.resolve()
      }
    }
    await sendStream(request, response, slow())
  })
  app.get('/broken', async (request, response) => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10)
      throw new Error('the disk is gone')
    }
    await sendStream(request, response, broken())
  })
  app.get('/reused', async (request, response) => {
    const memory = new Uint8Array(CHUNK_BYTES)
    async function* reused(): AsyncGenerator<Uint8Array> {
      for (let number = 0; number < CHUNKS; number += 1) yield memory.fill(number)
    }
    await sendStream(request, response, reused())
  })
  app.use(((_error, _request, response, _next) => {
    if (!response.headersSent) response.status(500)
    response.destroy()
  }) satisfies express.ErrorRequestHandler)
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  stop = () => server.close()
})
afterAll(() => stop())

test('a client that stops reading holds the source back, and one that goes away closes it', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'readable')
  // As long as an unheld source needs for a gigabyte.
  await new Promise((resolve) => setTimeout(resolve, 300))
  socket.destroy()
  // Sockets buffer some megabytes; an unheld source would have made gigabytes.
  expect(await closed).toBeLessThan(1000)
})

test('a source may use the memory of its bytes again when it is asked for more', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/reused`)
  // As long as the system needs to take what it takes.
  await new Promise((resolve) => setTimeout(resolve, 100))
  const bytes = Buffer.from(await response.arrayBuffer())
  expect(bytes).toHaveLength(CHUNKS * CHUNK_BYTES)
  for (let number = 0; number < CHUNKS; number += 1) {
    const chunk = bytes.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES)
    expect([number, chunk.equals(Buffer.alloc(CHUNK_BYTES, number))]).toEqual([number, true])
  }
})

test('a source that fails midway breaks the connection', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/broken`)
  await expect(response.arrayBuffer()).rejects.toThrow()
})

test('a client that goes away before the first byte leaves nothing open', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await asked
  socket.destroy()
  await released
})
