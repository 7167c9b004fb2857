import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ChainClient, ChainUnreachableError, createChainClient } from '@granary/protocol/client'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { lastKnown, promptChain } from './prompt-chain.ts'

let server: Server
let chain: ChainClient
let answer: (response: ServerResponse, path: string) => void

beforeEach(async () => {
  server = createServer((request, response) => answer(response, String(request.url)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  chain = createChainClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const away = expect.objectContaining({ code: 'CHAIN_UNREACHABLE', retryable: true })

test('a node that takes a question and never answers is away, for each question and each page', async () => {
  answer = () => {}
  const asked = promptChain(chain, 20)
  await expect(asked.status()).rejects.toEqual(away)
  await expect(asked.provider(1000)).rejects.toEqual(away)
  await expect(Array.fromAsync(asked.deals({}))).rejects.toEqual(away)
})

test('a list is waited for a page at a time', async () => {
  answer = (response, path) => {
    if (path.includes('after')) return
    const named = { 'granary-genesis': `0x${'11'.repeat(32)}`, 'granary-height': '5' }
    response.writeHead(200, named).end(JSON.stringify({ height: 5, items: [], next: '7' }))
  }
  await expect(Array.fromAsync(promptChain(chain, 100).providers())).rejects.toEqual(away)
})

test('who stops asking is not told of a node that is away', async () => {
  answer = () => {}
  const reason = new Error('gone')
  await expect(promptChain(chain).status({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('what was known last is told while the chain does not answer, and nothing that never was', async () => {
  let isAway = false
  let questions = 0
  let found: () => Promise<number> = () => Promise.reject(new ChainUnreachableError('http://x', 'hangs'))
  const ask = lastKnown(
    () => {
      questions += 1
      return found()
    },
    () => isAway,
  )
  await expect(ask()).rejects.toEqual(away)
  found = async () => 1
  expect(await ask()).toBe(1)
  found = () => Promise.reject(new ChainUnreachableError('http://x', 'hangs'))
  expect(await ask()).toBe(1)
  isAway = true
  questions = 0
  expect(await ask()).toBe(1)
  expect(questions).toBe(0)
  isAway = false
  found = async () => 2
  expect(await ask()).toBe(2)
  found = () => Promise.reject(new TypeError('a mistake'))
  await expect(ask()).rejects.toThrow('a mistake')
})
