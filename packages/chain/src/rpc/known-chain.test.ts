import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, newSigner, startDevnet } from '../../test/devnet.ts'

let devnet: Devnet
let other: Devnet
let genesisHash: Hash

beforeAll(async () => {
  devnet = await startDevnet()
  other = await startDevnet()
  genesisHash = (await devnet.chain.status()).genesisHash
})

afterAll(async () => {
  await devnet.remove()
  await other.remove()
})

const OTHER = `0x${'ab'.repeat(32)}` as const
const FAR = 1e9
const noRetries = { retries: 0 }
const following = (chain: ChainClient, since?: string): Promise<unknown> =>
  chain
    .events(since === undefined ? {} : { since })
    [Symbol.asyncIterator]()
    .next()

test('a client knows the genesis and the greatest height of what it was answered', async () => {
  const chain = createChainClient({ url: devnet.node.url })
  expect(chain).toMatchObject({ genesisHash: undefined, height: -1 })
  const { height } = await chain.status()
  expect(chain.genesisHash).toBe(genesisHash)
  expect(chain.height).toBe(height)
  for await (const event of chain.events({ types: ['block'] })) if (event.height > height + 2) break
  expect(chain.height).toBeGreaterThan(height + 2)
  const tx = await chain.faucet(newSigner().address)
  expect(chain.height).toBeGreaterThanOrEqual(tx.height)
})

test('what the chain cannot be above by now is never taken to be its height', async () => {
  const { height } = await devnet.chain.status()
  const chain = createChainClient({ url: devnet.node.url, heightMax: () => height + 1_000, ...noRetries })
  const lying = createChainClient({
    ...{ url: devnet.node.url, heightMax: () => height + 1_000, ...noRetries },
    fetch: async (...asked) => {
      const answer = await fetch(...asked)
      const headers = { ...Object.fromEntries(answer.headers), 'granary-height': '999999999999999' }
      return new Response(answer.body, { status: answer.status, headers })
    },
  })
  await Promise.all([chain.status(), lying.status()])
  expect(chain.height).toBeLessThan(height + 1_000)
  expect(lying.height).toBe(-1)
})

test('a node of another chain is refused by what the client was given to expect', async () => {
  const chain = createChainClient({ url: devnet.node.url, genesisHash: OTHER })
  const foreign = {
    code: 'CHAIN_FOREIGN',
    retryable: false,
    details: { url: devnet.node.url, expected: OTHER, found: genesisHash },
    hint: expect.stringMatching(/--chain/),
  }
  await expect(chain.status()).rejects.toMatchObject(foreign)
  await expect(chain.sector(1000, 0)).rejects.toMatchObject(foreign)
  await expect(chain.submit(Uint8Array.of(1))).rejects.toMatchObject(foreign)
  await expect(following(chain)).rejects.toMatchObject(foreign)
  const body = { to: newSigner().address, amount: 1n }
  await expect(sendMessage({ chain, signer: newSigner(), kind: 'Transfer', body })).rejects.toMatchObject(foreign)
  expect(chain.height).toBe(-1)
})

test('the node behind an address becomes one of another chain: nothing of it is used, and a stream ends', async () => {
  let target = devnet.node.url
  let connection = new AbortController()
  const switched: typeof fetch = (input, init) => {
    connection = new AbortController()
    const signals = [connection.signal, ...(init?.signal ? [init.signal] : [])]
    return fetch(String(input).replace(devnet.node.url, target), { ...init, signal: AbortSignal.any(signals) })
  }
  const chain = createChainClient({ url: devnet.node.url, fetch: switched })
  const events = chain.events({ types: ['block'] })[Symbol.asyncIterator]()
  await events.next()
  target = other.node.url
  connection.abort()
  const follow = async () => {
    for (;;) await events.next()
  }
  await expect(follow()).rejects.toMatchObject({ code: 'CHAIN_FOREIGN' })
  await expect(chain.status()).rejects.toMatchObject({ code: 'CHAIN_FOREIGN' })
  await expect(chain.deal(1)).rejects.toMatchObject({ code: 'CHAIN_FOREIGN' })
})

test('what a node below a height that was seen does not know is an outage, and not missing', async () => {
  const behind = createChainClient({ url: devnet.node.url, heightSeen: FAR, ...noRetries })
  const outage = { code: 'CHAIN_BEHIND', retryable: true, details: { seen: FAR, height: expect.any(Number) } }
  await expect(behind.sector(1000, 7)).rejects.toMatchObject(outage)
  await expect(behind.deal(7)).rejects.toMatchObject(outage)
  await expect(behind.provider(1000)).rejects.toMatchObject(outage)
  await expect(behind.tx(OTHER)).rejects.toMatchObject(outage)
  await expect(following(behind, String(FAR))).rejects.toMatchObject(outage)
  expect(await behind.status()).toMatchObject({ genesisHash })
  expect(behind.height).toBe(FAR)
  const abreast = createChainClient({ url: devnet.node.url })
  await abreast.status()
  await expect(abreast.sector(1000, 7)).rejects.toMatchObject({ code: 'SECTOR_NOT_FOUND', retryable: false })
  await expect(abreast.deal(7)).rejects.toMatchObject({ code: 'DEAL_NOT_FOUND', retryable: false })
})

test('a node that is behind is asked again, and has caught up', async () => {
  const { height } = await devnet.chain.status()
  const chain = createChainClient({ url: devnet.node.url, heightSeen: height + 4, retries: 5 })
  await expect(chain.deal(7)).rejects.toMatchObject({ code: 'DEAL_NOT_FOUND' })
  expect(chain.height).toBeGreaterThanOrEqual(height + 4)
})

test.each([
  ['no chain', {}],
  ['a genesis that is none', { 'granary-genesis': 'x', 'granary-height': '1' }],
  ['a height that is none', { 'granary-genesis': OTHER, 'granary-height': '-1' }],
])('an answer that names %s is not believed', async (_, headers) => {
  const error = { code: 'SECTOR_NOT_FOUND', message: 'there is no sector', hint: '', retryable: false }
  const server = createServer((_, response) => response.writeHead(404, headers).end(JSON.stringify({ error })))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const chain = createChainClient({ url: `http://127.0.0.1:${port}` })
  await expect(chain.sector(1000, 0)).rejects.toMatchObject({ code: 'CHAIN_ANSWER_INVALID' })
  await new Promise((resolve) => server.close(resolve))
})
