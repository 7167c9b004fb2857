import { createServer } from 'node:http'
import { expect, test } from '@jest/globals'
import express from 'express'
import type { ErrorCode } from '../errors/error-catalogue.ts'
import { GranaryError } from '../granary-error.ts'
import { answerErrors, type Fault, unreadableOf } from './answer-errors.ts'
import { listenOn, urlOf } from './listen-on.ts'

const errorOf = (code: ErrorCode, details?: Record<string, unknown>): GranaryError =>
  new GranaryError({ code, message: 'm', hint: 'h', ...(details && { details }) })

async function ask(handler: express.RequestHandler, init?: RequestInit) {
  const faults: Fault[] = []
  const app = express()
  app.use(express.json({ limit: 10, inflate: false }), handler)
  app.use(
    answerErrors({
      translate: (thrown) => {
        const what = unreadableOf(thrown)
        return what === undefined ? undefined : new GranaryError({ code: 'REQUEST_INVALID', message: what, hint: '' })
      },
      internal: () => errorOf('INTERNAL'),
      log: (fault) => faults.push(fault),
    }),
  )
  const server = createServer(app)
  const { address, port } = await listenOn(server, '127.0.0.1', 0)
  try {
    const response = await fetch(`${urlOf(address, port)}/path`, init)
    const body = await response.json()
    return { status: response.status, body, retryAfter: response.headers.get('retry-after'), faults }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function thrown(error: unknown): express.RequestHandler {
  return () => {
    throw error
  }
}

test('an error of ours leaves as it is, with the status of its code and when to come again', async () => {
  const error = errorOf('RATE_LIMITED', { retryAfterSeconds: 7 })
  const answer = await ask(thrown(error))
  expect(answer).toEqual({ status: 429, body: { error: error.toJSON() }, retryAfter: '7', faults: [] })
})

test('a fault of the program is told to its log and not to who asked', async () => {
  const { status, body, faults } = await ask(thrown(new Error('the secret is 7')))
  expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining('secret')])
  expect(faults).toEqual([
    { method: 'GET', path: '/path', message: 'the secret is 7', stack: expect.stringContaining('answer-errors.test') },
  ])
})

test.each([
  ['too large', '{"a":"long"}', {}],
  ['encoded', '{}', { 'content-encoding': 'gzip' }],
  ['not JSON', '{', {}],
  ['malformed', '{}', { 'content-type': 'application/json; charset=x' }],
])('a request whose body is %s is to blame for itself', async (what, body, headers) => {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }
  const answer = await ask((_, response) => void response.json({}), init)
  expect([answer.status, answer.body.error.message]).toEqual([400, what])
})

test('half an answer is cut off and not taken for a whole one', async () => {
  const half: express.RequestHandler = (_, response) => {
    response.write('{}')
    throw new Error('the rest is lost')
  }
  await expect(ask(half)).rejects.toThrow('terminated')
})
