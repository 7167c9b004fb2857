import { createServer, type ServerResponse } from 'node:http'
import { listenOn, urlOf } from '@granary/base/http'
import { createChainClient } from '@granary/protocol/client'
import { afterEach, expect, test } from '@jest/globals'
import { type ChainFollower, createChainFollower, type HeardEvent } from './follow-chain.ts'

const GENESIS = `0x${'11'.repeat(32)}` as const
let node: Awaited<ReturnType<typeof startNode>>
let follower: ChainFollower

afterEach(async () => {
  await follower.stop()
  node.close()
})

/** A node whose height and events are said by the test. */
async function startNode(height: number, whenAsked = async () => {}, blockTimeMs = 20) {
  const state = { height, statuses: 0, since: [] as string[], stream: undefined as ServerResponse | undefined }
  const server = createServer(async (request, response) => {
    const headers = { 'granary-genesis': GENESIS, 'granary-height': String(state.height) }
    const { height } = state
    await whenAsked()
    if (!request.url?.startsWith('/v1/events')) {
      const clock = { trust: 'local', newestRound: null, silentMs: 0, aheadMs: null, stalled: null }
      response.writeHead(200, { ...headers, 'content-type': 'application/json' })
      state.statuses += 1
      return response.end(
        JSON.stringify({
          ...{ height, genesisHash: GENESIS, chainId: 'test', devnet: true, timeMs: 0, blockTimeMs },
          ...{ appHash: GENESIS, version: '0', clock },
        }),
      )
    }
    state.since.push(String(request.headers['last-event-id']))
    state.stream = response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    return response.flushHeaders()
  })
  const { address, port } = await listenOn(server, '127.0.0.1', 0)
  return {
    state,
    chain: createChainClient({ url: urlOf(address, port), retries: 0 }),
    /** At the state's height. */
    tell: (index: number, type: string, fields: object) =>
      state.stream?.write(`id: ${state.height}.${index}\nevent: ${type}\ndata: ${JSON.stringify(fields)}\n\n`),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('all parts hear the same events in order, and what waits for a height is woken by it', async () => {
  node = await startNode(7)
  follower = createChainFollower({ chain: node.chain, from: 7 })
  const heard: HeardEvent[][] = [[], []]
  for (const list of heard) follower.listen({ onEvent: (event) => list.push(event) })
  follower.start()
  await until(() => node.state.stream !== undefined)
  expect(node.state.since).toEqual(['7'])
  const reached = follower.reached(8, AbortSignal.timeout(10_000))
  node.state.height = 8
  const missed = { provider: 1_000, partition: 0, epoch: 5 }
  node.tell(0, 'post:missed', missed)
  node.tell(1, 'deal:lapsed', { deal: 3, provider: 1_000, client: `0x${'22'.repeat(20)}`, epoch: 8, refunded: '0' })
  await reached
  await until(() => heard.every((list) => list.length === 2))
  for (const list of heard)
    expect(list).toMatchObject([
      { type: 'post:missed', ...missed, height: 8 },
      { type: 'deal:lapsed', deal: 3 },
    ])
})

test('a chain that is lower than it was is followed from there, and who listens is told of the gap', async () => {
  node = await startNode(7)
  follower = createChainFollower({ chain: node.chain, from: 7 })
  const gaps: string[] = []
  follower.listen({ onEvent: () => {}, onGap: (error) => gaps.push(String(error)) })
  follower.start()
  await until(() => node.state.stream !== undefined)
  node.state.height = 4
  await until(() => node.state.since.length === 2)
  expect(node.state.since).toEqual(['7', '4'])
  expect(follower.height()).toBe(4)
  expect(gaps).toEqual(['Error: the chain is at height 4 and was at 7'])
})

test('a node that says its blocks is not asked for its height, and a stream that says no more is begun anew', async () => {
  node = await startNode(7, undefined, 200)
  follower = createChainFollower({ chain: node.chain, from: 7 })
  const gaps: string[] = []
  follower.listen({ onEvent: () => {}, onGap: (error) => gaps.push(String(error)) })
  expect(follower.heard()).toBeUndefined()
  follower.start()
  await until(() => node.state.stream !== undefined && node.state.statuses > 0)
  // Where this test is held up the next block is late, and asked for.
  let late = 0
  const startMs = Date.now()
  for (let toldMs = startMs; toldMs < startMs + 1_500; ) {
    node.state.height += 1
    node.tell(0, 'block', { height: node.state.height, timeMs: 5 })
    await until(() => follower.height() === node.state.height)
    await new Promise((resolve) => setTimeout(resolve, 20))
    if (Date.now() - toldMs > 500) late += 1
    toldMs = Date.now()
  }
  if (late === 0) expect([node.state.statuses, follower.heard()?.timeMs]).toEqual([1, 5])
  const { height } = node.state
  node.state.height += 3
  await until(() => node.state.since.length === 2)
  expect(follower.heard()).toBeUndefined()
  expect(follower.height()).toBe(height + 3)
  expect(node.state.since[1]).toBe(String(height))
  expect(gaps).toEqual([`Error: the chain is at height ${height + 3} and its events are at ${height}`])
})

test('an answer that was on its way while an event came says nothing of a lower chain', async () => {
  // Each answer is of the height at which it was asked for, and comes after the next block.
  node = await startNode(7, async () => {
    node.state.height += 1
    node.tell(0, 'block', { height: node.state.height, timeMs: 0 })
    await new Promise((resolve) => setTimeout(resolve, 20))
  })
  follower = createChainFollower({ chain: node.chain, from: 7 })
  const gaps: unknown[] = []
  follower.listen({ onEvent: () => {}, onGap: (error) => gaps.push(error) })
  follower.start()
  await until(() => node.state.statuses >= 5)
  expect(gaps).toEqual([])
  expect(node.state.since).toEqual(['7'])
})

test('a block that there cannot be yet is heard by nobody, and the stream that names it is begun anew', async () => {
  node = await startNode(7)
  follower = createChainFollower({ chain: node.chain, from: 7, heightMax: () => 100 })
  const heard: HeardEvent[] = []
  const gaps: unknown[] = []
  follower.listen({ onEvent: (event) => heard.push(event), onGap: (error) => gaps.push(error) })
  follower.start()
  await until(() => node.state.stream !== undefined)
  node.state.height = 9_000_000
  node.tell(0, 'block', { height: 9_000_000, timeMs: 1 })
  await until(() => gaps.length > 0)
  node.state.height = 8
  await until(() => node.state.since.length > 1)
  node.tell(0, 'block', { height: 8, timeMs: 2 })
  await until(() => heard.length > 0)
  expect(heard).toMatchObject([{ type: 'block', height: 8 }])
  expect([follower.height(), node.state.since]).toEqual([8, ['7', '7']])
})
