import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { type ChainClient, createChainClient } from './create-chain-client.ts'

const GENESIS = `0x${'11'.repeat(32)}` as const
const ADDRESS = `0x${'22'.repeat(20)}` as const
const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** The client of a node that answers this, whatever it is asked. */
async function answering(body: object): Promise<ChainClient> {
  const server = createServer((_, response) => {
    const headers = { 'granary-genesis': GENESIS, 'granary-height': '7', 'content-type': 'application/json' }
    response.writeHead(200, headers).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return createChainClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, retries: 0 })
}

const account = { height: 7, address: ADDRESS, exists: true, balance: '5', sequences: { 0: 3 }, locked: '0' }
const tx = { height: 7, id: GENESIS, kind: 'Transfer', code: 'OK', fee: '1', events: [], executionMs: 0.5 }
const missed = { type: 'post:missed', provider: 1_000, partition: 0, epoch: 5 }

test('what a node tells beside what it was asked goes no further', async () => {
  const chain = await answering({ ...account, mood: 'good' })
  expect(await chain.account(ADDRESS)).toEqual(account)
})

test.each<[string, object, (chain: ChainClient) => Promise<unknown>]>([
  ['an amount that is a number', { ...account, balance: 5 }, (chain) => chain.account(ADDRESS)],
  ['a field that is missing', { ...account, locked: undefined }, (chain) => chain.account(ADDRESS)],
  ['a sequence that is text', { ...account, sequences: { 0: '3' } }, (chain) => chain.account(ADDRESS)],
  ['a page without an end', { height: 7, items: [] }, (chain) => Array.fromAsync(chain.providers())],
  ['a sector of an unknown state', { height: 7, items: [{ id: 'x' }], next: null }, (chain) => chain.partitions(1)],
  ['a transaction without events', { ...tx, events: undefined }, (chain) => chain.tx(GENESIS)],
  ['an event in another form', { ...tx, events: [{ ...missed, epoch: '5' }] }, (chain) => chain.tx(GENESIS)],
])('an answer with %s is none of a chain node', async (_, body, ask) => {
  await expect(ask(await answering(body))).rejects.toMatchObject({ code: 'CHAIN_ANSWER_INVALID' })
})

test('of a transaction, events that only a newer node knows are left out', async () => {
  const chain = await answering({ ...tx, events: [{ type: 'moon:risen' }, missed] })
  expect((await chain.tx(GENESIS)).events).toEqual([missed])
})

test('the error names the field, and says what was expected', async () => {
  const chain = await answering({ ...account, balance: 5 })
  await expect(chain.account(ADDRESS)).rejects.toThrow(
    `/v1/accounts/${ADDRESS} answered with HTTP status 200, and not as a chain node does: balance: expected string`,
  )
})

test('a list whose pages come again and again ends', async () => {
  const chain = await answering({ height: 7, items: [], next: '5' })
  await expect(Array.fromAsync(chain.deals({}))).rejects.toMatchObject({ code: 'CHAIN_ANSWER_INVALID' })
})
