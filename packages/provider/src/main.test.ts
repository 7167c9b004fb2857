import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChainClient, createChainClient, readServerSentEvents, sendMessage } from '@granary/chain/client'
import { dealTermsFromJson, type Hash } from '@granary/chain/messages'
import { initChain, runChain } from '@granary/chain/node'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { type Answer, randomCar, type TestCar, TestClient, temporaryHome, termsOf } from '../test/market-kit.ts'
import { initProvider, type RunningProvider, runProvider } from './main.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient
let genesisHash: Hash
const running = new Set<RunningProvider>()
let homes = 0

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
  genesisHash = (await chain.status()).genesisHash
})
afterEach(async () => {
  for (const provider of running) await stopProvider(provider)
})
afterAll(async () => {
  await node.stop()
  await root.remove()
})

async function newHome(): Promise<string> {
  const home = join(root.home, `provider-${homes++}`)
  await initProvider({ home, chainUrl: node.url, profile: '2KiB-test', name: 'tester', passphrase, light: true })
  return home
}

async function run(home: string, port = 0): Promise<RunningProvider> {
  const cacheHome = join(root.home, 'cache')
  const provider = await runProvider({ home, cacheHome, port, libp2pPort: undefined, passphrase, sealAfterMs: 0 })
  running.add(provider)
  return provider
}

async function stopProvider(provider: RunningProvider): Promise<void> {
  running.delete(provider)
  await provider.stop()
}

async function clientOf(provider: RunningProvider, key: number): Promise<TestClient> {
  const client = new TestClient(provider.url, { key, provider: provider.providerId, genesisHash })
  await chain.faucet(client.signer.address)
  return client.logIn()
}

async function agreeOn(client: TestClient, car: TestCar, validForEpochs = 500): Promise<Answer> {
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  const { height } = await chain.status()
  return client.agree(uploadId, termsOf(car, quote, height + validForEpochs, BigInt(Date.now())))
}

async function publish(client: TestClient, { body }: Answer): Promise<void> {
  const deal = {
    terms: dealTermsFromJson(body.terms),
    providerSignature: Buffer.from(body.signature.slice(2), 'hex'),
  }
  await sendMessage({ chain, signer: client.signer, kind: 'PublishDeal', body: { deals: [deal] } })
}

/** Follows the deal's events until one of that type. */
async function until(provider: RunningProvider, agreementId: string, type: string): Promise<string[]> {
  const stop = new AbortController()
  const { body } = await fetch(`${provider.url}/v1/deals/${agreementId}/events`, { signal: stop.signal })
  const types: string[] = []
  for await (const { event } of readServerSentEvents(body!)) {
    types.push(event)
    if (event === type) break
  }
  stop.abort()
  return types
}

test('a first run registers the provider with its address, its collateral and its ask', async () => {
  const provider = await run(await newHome())
  const view = await chain.provider(provider.providerId)
  expect(view).toMatchObject({ owner: provider.address, endpoints: [provider.url], name: 'tester' })
  expect(BigInt(view.collateral.free)).toBeGreaterThan(0n)
  expect(view.ask).toMatchObject({ profiles: ['2KiB-test'], pieceSizeMax: 2048 })
  const info = await new TestClient(provider.url).request('GET', '/v1/info')
  expect(info.body).toMatchObject({
    id: provider.providerId,
    address: provider.address,
    profile: { name: '2KiB-test', sectorBytes: 2048 },
    chain: { genesisHash },
  })
})

test('a deal goes from its quote to its proof, and its bytes come back', async () => {
  const provider = await run(await newHome())
  const client = await clientOf(provider, 21)
  const car = await randomCar(1000)
  const agreed = await agreeOn(client, car)
  expect(agreed.status).toBe(201)
  await publish(client, agreed)
  const types = await until(provider, agreed.body.agreementId, 'active')
  expect(types.slice(0, 2)).toEqual(['agreed', 'published'])
  expect(types).toEqual(expect.arrayContaining(['sector-planned', 'sealed', 'precommitted', 'porep-accepted']))
  const { body } = await client.request('GET', `/v1/deals/${agreed.body.agreementId}`)
  expect(body).toMatchObject({ state: 'active', dealId: expect.any(Number), sector: expect.any(Number) })
  const served = await fetch(`${provider.url}/piece/${car.pieceCid}`)
  expect(Buffer.from(await served.arrayBuffer()).equals(car.bytes)).toBe(true)
  const block = await fetch(`${provider.url}/ipfs/${car.rootCid}?format=raw`)
  expect(block.status).toBe(200)
})

test('a provider that was away finds on the chain what was published meanwhile, under its old address', async () => {
  const home = await newHome()
  const before = await run(home)
  const client = await clientOf(before, 22)
  const agreed = await agreeOn(client, await randomCar(1000))
  await stopProvider(before)
  await publish(client, agreed)
  const after = await run(home)
  expect([after.url, after.providerId]).toEqual([before.url, before.providerId])
  expect(await until(after, agreed.body.agreementId, 'active')).toContain('published')
})

test('an offer that nobody publishes ends by itself, and its piece goes', async () => {
  const home = await newHome()
  const provider = await run(home)
  const client = await clientOf(provider, 23)
  const agreed = await agreeOn(client, await randomCar(1000), 10)
  expect(await readdir(join(home, 'provider', 'pieces'))).toHaveLength(1)
  expect(await until(provider, agreed.body.agreementId, 'offer-expired')).toEqual(['agreed', 'offer-expired'])
  const { body } = await client.request('GET', `/v1/deals/${agreed.body.agreementId}`)
  expect(body).toMatchObject({ state: 'offer-expired', reason: 'NOT_PUBLISHED_IN_TIME' })
  for (let tries = 0; tries < 50 && (await readdir(join(home, 'provider', 'pieces'))).length > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await readdir(join(home, 'provider', 'pieces'))).toEqual([])
})

test('what stands in the way of a run is said by name', async () => {
  const home = await newHome()
  const options = { home, cacheHome: join(root.home, 'cache'), port: 0, libp2pPort: undefined, passphrase }
  await expect(initProvider({ home, chainUrl: node.url, passphrase })).rejects.toMatchObject({ code: 'HOME_EXISTS' })
  await expect(runProvider({ ...options, home: join(root.home, 'none') })).rejects.toMatchObject({
    code: 'HOME_MISSING',
  })
  await expect(runProvider({ ...options, passphrase: 'wrong' })).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' })
  await expect(runProvider({ ...options, chainUrl: 'http://127.0.0.1:9' })).rejects.toMatchObject({
    code: 'CHAIN_UNREACHABLE',
  })
  const takenPort = Number(new URL(node.url).port)
  await expect(runProvider({ ...options, port: takenPort })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    details: { port: takenPort },
  })
  const provider = await run(home)
  await expect(runProvider(options)).rejects.toMatchObject({ code: 'HOME_LOCKED' })
  expect((await fetch(`${provider.url}/healthz`)).status).toBe(200)
})

test('a home never meets another chain', async () => {
  const home = await newHome()
  await stopProvider(await run(home))
  const other = await temporaryHome()
  await initChain({ home: other.home, devnet: true, blockTimeMs: 200 })
  const otherNode = await runChain({ home: other.home, port: 0 })
  const options = { home, cacheHome: join(root.home, 'cache'), port: 0, libp2pPort: undefined, passphrase }
  await expect(runProvider({ ...options, chainUrl: otherNode.url })).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
  await otherNode.stop()
  await other.remove()
})

test('keys lie encrypted on disk and nowhere else', async () => {
  const home = await newHome()
  const copy = join(root.home, 'copy')
  await cp(join(home, 'provider'), copy, { recursive: true })
  for (const name of ['keystore.json', 'session.json'])
    expect(JSON.parse(await readFile(join(copy, name), 'utf8'))).toMatchObject({
      version: 3,
      crypto: expect.anything(),
    })
  expect((await readdir(copy)).toSorted()).toEqual([
    'config.json',
    'keystore.json',
    'pieces',
    'queue',
    'sectors',
    'session.json',
    'staging',
  ])
})
