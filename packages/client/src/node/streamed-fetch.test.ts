import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { streamedFetch } from './streamed-fetch.ts'

let url: string
let seen: { path: string; headers: IncomingHttpHeaders; body: string }[]
let close: () => void

beforeEach(async () => {
  seen = []
  const server = createServer(async (request, response) => {
    seen.push({
      path: request.url ?? '',
      headers: request.headers,
      body: String(await buffer(request).catch(() => '')),
    })
    const moved = { '/moved': 308, '/other': 303 }[request.url ?? '']
    if (moved === undefined) response.end('done')
    else response.writeHead(moved, { location: '/there' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  close = () => void server.close()
})
afterEach(() => close())

const send = (path: string, body: RequestInit['body']) =>
  streamedFetch(url + path, { method: 'PATCH', headers: { 'x-own': 'kept' }, body: body ?? null })

test.each([
  ['bytes', new TextEncoder().encode('bytes')],
  ['no bytes', new Uint8Array()],
])('%s are sent with their length', async (_, bytes) => {
  const response = await send('/', bytes)
  expect([response.status, await response.text()]).toEqual([200, 'done'])
  expect(seen).toMatchObject([{ body: String(Buffer.from(bytes)), headers: { 'x-own': 'kept' } }])
  expect(seen[0]?.headers['content-length']).toBe(String(bytes.length))
  expect(seen[0]?.headers['transfer-encoding']).toBeUndefined()
})

/** Two ranges of a piece of 30 MiB, whose reads say where they are. */
function rangesOf(read: (start: number) => void = () => undefined) {
  const piece = Uint8Array.from({ length: 30 << 20 }, (_, at) => (at * 31) % 251)
  const source = {
    size: piece.length,
    async read(start: number, end: number, memory = new Uint8Array(end - start)) {
      read(start)
      const out = memory.subarray(0, end - start)
      out.set(piece.subarray(start, end))
      return out
    },
  }
  return { piece, bodyOf: streamedFetch.bodiesOf!(source) }
}

test('ranges are read while they are sent, and arrive as they are however slowly they are taken', async () => {
  const taken: Buffer[] = []
  const slow = createServer(async (request, response) => {
    for await (const chunk of request) {
      taken.push(chunk)
      if (taken.length % 16 === 0) await sleep(1)
    }
    response.end(request.headers['content-length'])
  })
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
  const { piece, bodyOf } = rangesOf()
  for (const [start, end] of [
    [0, 17 << 20],
    [17 << 20, 30 << 20],
  ] as const) {
    const { body, ended } = bodyOf(start, end)
    const response = await streamedFetch(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`, {
      method: 'PATCH',
      body,
    })
    expect(await response.text()).toBe(String(end - start))
    await ended?.()
  }
  slow.close()
  expect(Buffer.concat(taken).equals(piece)).toBe(true)
})

test('a range follows where it is to be sent instead', async () => {
  const { piece, bodyOf } = rangesOf()
  const { body } = bodyOf(5, 5_000_000)
  expect((await send('/moved', body)).status).toBe(200)
  expect(seen.at(-1)).toMatchObject({ path: '/there', body: String(Buffer.from(piece.subarray(5, 5_000_000))) })
})

test('a range that cannot be read is not sent, and says why', async () => {
  const { bodyOf } = rangesOf((start) => {
    if (start > 5_000_000) throw new Error('the file is gone')
  })
  const { body, ended } = bodyOf(0, 20_000_000)
  await expect(send('/', body)).rejects.toThrow('fetch failed')
  await expect(ended?.()).rejects.toThrow('the file is gone')
})

test('bytes follow where they are to be sent instead', async () => {
  expect((await send('/moved', Buffer.from('bytes'))).status).toBe(200)
  expect(seen.map(({ path, body }) => [path, body])).toEqual([
    ['/moved', 'bytes'],
    ['/moved', 'bytes'],
    ['/there', 'bytes'],
  ])
})

test('what is no bytes goes as it always went', async () => {
  expect((await send('/', 'text')).status).toBe(200)
  expect((await send('/moved', 'text')).status).toBe(200)
  expect((await send('/', null)).status).toBe(200)
  expect(seen.map(({ body }) => body)).toEqual(['text', 'text', 'text', ''])
})

test('ended by its signal, it fails with its reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(streamedFetch(url, { method: 'PATCH', body: new Uint8Array(1), signal })).rejects.toThrow('enough')
})
