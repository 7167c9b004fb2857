import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import express from 'express'
import { type AddressLimits, addressesThatCount, addressLimits } from './address-limits.ts'
import { answerRpcErrors } from './answer-errors.ts'
import { bodyDone, limitBodies } from './limit-bodies.ts'
import { limitRate } from './limit-rate.ts'
import { type ConnectionLimits, type Listening, listen } from './listen.ts'

const BODY_BYTES_MAX = 1_000

let listening: Listening | undefined
let sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  await listening?.close()
})

type Times = Omit<ConnectionLimits, 'connections' | 'addressOf'>

/** Takes bodies at /bodies, and answers those that say `later` when `finish` is called. */
async function serve(given: AddressLimits, times: Times = {}): Promise<{ url: URL; finish: () => void }> {
  const limits = addressLimits(given)
  const addressOf = addressesThatCount(limits)
  const waiting: (() => void)[] = []
  const app = express()
  app.use(limitRate(limits, addressOf))
  app.post(
    '/bodies',
    limitBodies({ limits, addressOf, bytesMax: BODY_BYTES_MAX }),
    express.raw({ type: '*/*', limit: BODY_BYTES_MAX }),
    async (request, response) => {
      if (String(request.body).startsWith('judged')) bodyDone(response)
      if (String(request.body).endsWith('later')) await new Promise<void>((resolve) => waiting.push(resolve))
      response.json({})
    },
  )
  app.get('/', (_, response) => void response.json({}))
  app.use(
    answerRpcErrors(
      () => undefined,
      () => ({ height: 0, timeMs: 0, blockTimeMs: 500 }),
    ),
  )
  listening = await listen(app, '127.0.0.1', 0, { connections: limits.connections, addressOf, ...times })
  return {
    url: new URL(listening.url),
    finish: () => {
      for (const done of waiting.splice(0)) done()
    },
  }
}

/** From another of this machine's addresses. */
async function open(url: URL, sent = '', localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port: Number(url.port), host: url.hostname, localAddress })
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(sent)
  return socket
}

async function answerOn(socket: Socket): Promise<string> {
  const [data] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => ['closed'])])
  return String(data)
}

const get = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'
const post = (body: string, length = body.length): string =>
  `POST /bodies HTTP/1.1\r\nhost: x\r\ncontent-type: x/y\r\ncontent-length: ${length}\r\n\r\n${body}`
const send = (url: URL, body: string): Promise<Response> => fetch(new URL('/bodies', url), { method: 'POST', body })

test('an address that asks too often is told when to come back', async () => {
  const { url } = await serve({ requestsPerMinute: 3, loopback: true })
  const answers = []
  for (let index = 0; index < 5; index += 1) answers.push(await fetch(url))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
  const refused = answers[3]!
  expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED', retryable: true } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('ratelimit')).toMatch(/r=0/)
})

test('programs of the same machine are not limited unless that is asked for, whatever address they claim', async () => {
  const { url } = await serve({ requestsPerMinute: 1, connections: 1, bodies: 0, bytesPerMinute: 1 })
  const statuses = []
  for (let index = 0; index < 3; index += 1) {
    statuses.push((await fetch(url, { headers: { 'x-forwarded-for': '203.0.113.9' } })).status)
    statuses.push((await send(url, 'four')).status)
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200])
})

test('a request that never ends is cut off', async () => {
  const { url } = await serve({}, { headersTimeoutMs: 100, requestTimeoutMs: 200 })
  const socket = await open(url, 'POST /v1/txs HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n')
  let answer = ''
  socket.on('data', (data) => {
    answer += String(data)
  })
  await once(socket, 'close')
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
})

test('sockets with one byte each: an address has so many connections, and others have theirs', async () => {
  const { url } = await serve({ connections: 2, loopback: true })
  const held = [await open(url, 'G'), await open(url, 'G')]
  expect(await answerOn(await open(url, get))).toBe('closed')
  expect(await answerOn(await open(url, get, '127.0.0.2'))).toMatch(/^HTTP\/1\.1 200 /)
  held[0]!.destroy()
  await once(held[0]!, 'close')
  let answer = 'closed'
  while (answer === 'closed') answer = await answerOn(await open(url, get))
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
})

test('a connection on which nothing moves is closed', async () => {
  const { url } = await serve({}, { headersTimeoutMs: 60_000, idleMs: 100 })
  const silent = await open(url)
  await once(silent, 'close')
  const waiting = await open(url, post('later'))
  expect(await answerOn(waiting)).toBe('closed')
})

test('garbage by the megabyte: an address sends so many bytes a minute, by what it says that it will send', async () => {
  const { url } = await serve({ bytesPerMinute: 250, loopback: true })
  expect((await send(url, 'x'.repeat(100))).status).toBe(200)
  expect((await send(url, 'x'.repeat(150))).status).toBe(200)
  const refused = await send(url, 'x')
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({ error: { code: 'BYTES_LIMITED', retryable: true } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  const unread = await open(url, post('x', 500))
  expect(await answerOn(unread)).toMatch(/^HTTP\/1\.1 429 .*connection: close/is)
  expect(await answerOn(await open(url, post('x'), '127.0.0.2'))).toMatch(/^HTTP\/1\.1 200 /)
})

test('who does not say how much it sends may send one of the largest', async () => {
  const { url } = await serve({ bytesPerMinute: BODY_BYTES_MAX - 1, loopback: true })
  const chunked =
    'POST /bodies HTTP/1.1\r\nhost: x\r\ncontent-type: x/y\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'
  expect(await answerOn(await open(url, chunked))).toMatch(/^HTTP\/1\.1 429 /)
})

test('unfinished bodies: an address has so many transactions on their way, and others have theirs', async () => {
  const { url } = await serve({ bodies: 2, loopback: true })
  const held = [await open(url, post('x', 900)), await open(url, post('x', 900))]
  let refused = await send(url, 'mine')
  while (refused.status === 200) refused = await send(url, 'mine')
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({ error: { code: 'ADDRESS_BUSY', retryable: true } })
  expect(await answerOn(await open(url, post('another'), '127.0.0.2'))).toMatch(/^HTTP\/1\.1 200 /)
  held[0]!.destroy()
  while (refused.status === 429) refused = await send(url, 'mine')
  expect(refused.status).toBe(200)
})

test('a transaction that has been judged and waits for a block leaves its place to the next', async () => {
  const { url, finish } = await serve({ bodies: 1, loopback: true })
  const waiting = send(url, 'judged, answered later')
  let next = await send(url, 'mine')
  while (next.status === 429) next = await send(url, 'mine')
  finish()
  expect([(await waiting).status, next.status]).toEqual([200, 200])
  const unjudged = send(url, 'answered later')
  let refused = await send(url, 'mine')
  while (refused.status === 200) refused = await send(url, 'mine')
  expect(refused.status).toBe(429)
  finish()
  expect((await unjudged).status).toBe(200)
})
