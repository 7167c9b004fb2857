import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { streamedFetch } from './streamed-fetch.ts'

let url: string
let seen: { path: string; headers: IncomingHttpHeaders; body: string }[]
let close: () => void

beforeEach(async () => {
  seen = []
  const server = createServer(async (request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers, body: String(await buffer(request)) })
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
