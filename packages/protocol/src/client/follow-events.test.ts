import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { createChainClient } from './create-chain-client.ts'

const GENESIS = `0x${'11'.repeat(32)}` as const
const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A node that tells these once, whatever it is asked. */
async function telling(...events: readonly { type: string; [field: string]: unknown }[]) {
  const server = createServer((_, response) => {
    const headers = { 'granary-genesis': GENESIS, 'granary-height': '7' }
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    for (const [index, { type, ...data }] of events.entries()) {
      response.write(`id: 7.${index}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return createChainClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, retries: 0 }).events()
}

/** Leaves the stream behind it, which ends it. */
async function first<T>(events: AsyncIterable<T>): Promise<T | undefined> {
  for await (const event of events) return event
  return undefined
}

const missed = { type: 'post:missed', provider: 1_000, partition: 0, epoch: 5 }

test('an event has the fields of its type, and no others', async () => {
  const events = await telling({ ...missed, height: 7, mood: 'bad' })
  expect(await first(events)).toEqual({ ...missed, height: 7, id: '7.0' })
})

test('what only a newer node tells is passed over', async () => {
  const events = await telling({ type: 'moon:risen', provider: 'all' }, missed)
  expect(await first(events)).toMatchObject({ ...missed, id: '7.1' })
})

test.each([
  { ...missed, epoch: undefined },
  { ...missed, provider: '1000' },
  { type: 'challenge:void', epoch: 5, reason: 'CHAIN_SLOW' },
  { type: 'provider:charged', provider: 1_000, amount: '1', reason: 'NO_REASON' },
  { type: 'transfer', from: GENESIS, to: GENESIS, amount: '1' },
])('a known event in another form is no answer of a chain: %j', async (event) => {
  const events = await telling(event)
  await expect(first(events)).rejects.toMatchObject({ code: 'CHAIN_ANSWER_INVALID' })
})
