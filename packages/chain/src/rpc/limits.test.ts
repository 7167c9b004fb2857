import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import express from 'express'
import { answerErrors } from './answer-errors.ts'
import { limitRate } from './limit-rate.ts'
import { type ConnectionLimits, type Listening, listen } from './listen.ts'

let listening: Listening | undefined

afterEach(() => listening?.close())

async function serve(requestsPerMinute: number, loopback: boolean, limits: ConnectionLimits = {}): Promise<string> {
  const app = express()
  app.use(limitRate({ requestsPerMinute, loopback }), (_, response) => void response.json({}))
  app.use(answerErrors(() => undefined))
  listening = await listen(app, '127.0.0.1', 0, limits)
  return listening.url
}

test('an address that asks too often is told when to come back', async () => {
  const url = await serve(3, true)
  const answers = []
  for (let index = 0; index < 5; index += 1) answers.push(await fetch(url))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
  const refused = answers[3]!
  expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED', retryable: true } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('ratelimit')).toMatch(/r=0/)
})

test('programs of the same machine are not limited unless that is asked for, whatever address they claim', async () => {
  const url = await serve(1, false)
  const statuses = []
  for (let index = 0; index < 3; index += 1)
    statuses.push((await fetch(url, { headers: { 'x-forwarded-for': '203.0.113.9' } })).status)
  expect(statuses).toEqual([200, 200, 200])
})

test('a request that never ends is cut off', async () => {
  const url = new URL(await serve(100, false, { headersTimeoutMs: 100, requestTimeoutMs: 200 }))
  const socket = connect(Number(url.port), url.hostname)
  socket.write('POST /v1/txs HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n')
  let answer = ''
  socket.on('data', (data) => {
    answer += String(data)
  })
  await once(socket, 'close')
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
})
