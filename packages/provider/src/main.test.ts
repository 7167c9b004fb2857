import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { initChain, runChain } from '@granary/chain/node'
import { profileNamed } from '@granary/proofs/profile'
import { type ChainClient, createChainClient, readServerSentEvents, sendMessage } from '@granary/protocol/client'
import { dealTermsFromJson, type Hash } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Answer, randomCar, type TestCar, TestClient, temporaryHome, termsOf } from '../test/market-kit.ts'
import { requireConfig } from './chain/require-config.ts'
import { changeConfig, type ProviderConfig, readConfig, writeConfig } from './config.ts'
import { initProvider, type RunningProvider, type RunProviderOptions, runProvider } from './main.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient
let genesisHash: Hash
// Starting takes seconds (its queue is a database of its own), so one provider serves most tests.
let home: string
let provider: RunningProvider

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
  genesisHash = (await chain.status()).genesisHash
  home = await newHome('provider')
  provider = await runProvider(optionsFor(home))
})
afterAll(async () => {
  await provider.stop()
  await node.stop()
  await root.remove()
})

async function newHome(name: string): Promise<string> {
  const folder = join(root.home, name)
  await initProvider({
    home: folder,
    chainUrl: node.url,
    profile: '2KiB-test',
    config: { name: 'tester' },
    passphrase,
    light: true,
  })
  return folder
}

function optionsFor(folder: string): RunProviderOptions {
  const cacheHome = join(root.home, 'cache')
  return { home: folder, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs: 0 }
}

async function clientOf(key: number): Promise<TestClient> {
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

async function publish(client: TestClient, { body }: Answer): Promise<number[]> {
  const deal = {
    terms: dealTermsFromJson(body.terms),
    providerSignature: fromHex(body.signature),
  }
  const { events } = await sendMessage({ chain, signer: client.signer, kind: 'PublishDeal', body: { deals: [deal] } })
  return events.filter((event) => event.type === 'deal:published').map((event) => event.deal)
}

/** Follows the deal's events until one of that type. */
async function until(agreementId: string, type: string): Promise<string[]> {
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

/** What vested for the provider after that height, each time. */
async function releasedSince(since: number): Promise<bigint[]> {
  const { height } = await chain.status()
  const released: bigint[] = []
  for await (const event of chain.events({ since: '0', types: ['reward:released', 'block'] })) {
    if (event.height > height) break
    const isOwn = event.type === 'reward:released' && event.provider === provider.providerId
    if (isOwn && event.height > since) released.push(BigInt(event.amount))
  }
  return released
}

/** Of some that follow each other, and of none. */
function sumsOfRuns(amounts: readonly bigint[]): bigint[] {
  const sums = [0n]
  for (const start of amounts.keys()) {
    let sum = 0n
    for (const amount of amounts.slice(start)) {
      sum += amount
      sums.push(sum)
    }
  }
  return sums
}

test('a first run registers the provider with its address, its collateral and its ask', async () => {
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
  const client = await clientOf(21)
  const car = await randomCar(1000)
  const agreed = await agreeOn(client, car)
  expect(agreed.status).toBe(201)
  const [dealId] = await publish(client, agreed)
  // At once, by its number: followed like by its agreement, though its block may not have been seen yet.
  const types = await until(String(dealId), 'active')
  expect(types.slice(0, 2)).toEqual(['agreed', 'published'])
  expect(types).toEqual(expect.arrayContaining(['sector-planned', 'sealed', 'precommitted', 'porep-accepted']))
  const { body } = await client.request('GET', `/v1/deals/${agreed.body.agreementId}`)
  expect(body).toMatchObject({ state: 'active', dealId: expect.any(Number), sector: expect.any(Number) })
  const served = await fetch(`${provider.url}/piece/${car.pieceCid}`)
  expect(Buffer.from(await served.arrayBuffer()).equals(car.bytes)).toBe(true)
  const block = await fetch(`${provider.url}/ipfs/${car.rootCid}?format=raw`)
  expect(block.status).toBe(200)
})

test('an offer that nobody publishes ends by itself, and its piece goes', async () => {
  const before = await readdir(join(home, 'provider', 'pieces'))
  const client = await clientOf(23)
  const agreed = await agreeOn(client, await randomCar(1000), 10)
  expect(await readdir(join(home, 'provider', 'pieces'))).toHaveLength(before.length + 1)
  expect(await until(agreed.body.agreementId, 'offer-expired')).toEqual(['agreed', 'offer-expired'])
  const { body } = await client.request('GET', `/v1/deals/${agreed.body.agreementId}`)
  expect(body).toMatchObject({ state: 'offer-expired', reason: 'NOT_PUBLISHED_IN_TIME' })
  for (let tries = 0; tries < 50 && (await readdir(join(home, 'provider', 'pieces'))).length > before.length; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await readdir(join(home, 'provider', 'pieces'))).toEqual(before)
})

test('what stands in the way of a run is said by name', async () => {
  const fresh = await newHome('fresh')
  const options = optionsFor(fresh)
  const { port } = new URL(node.url)
  const chainUrl = node.url
  await expect(initProvider({ home: fresh, chainUrl, passphrase })).rejects.toMatchObject({ code: 'HOME_EXISTS' })
  const refused = async (change: Partial<RunProviderOptions>): Promise<unknown> =>
    runProvider({ ...options, ...change }).catch((error: unknown) => error)
  expect(await refused({ home: join(root.home, 'none') })).toMatchObject({ code: 'HOME_MISSING' })
  expect(await refused({ home })).toMatchObject({ code: 'HOME_LOCKED' })
  expect(await refused({ passphrase: 'wrong' })).toMatchObject({ code: 'PASSPHRASE_WRONG' })
  expect(await refused({ chainUrl: 'http://127.0.0.1:9' })).toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  expect(await refused({ sealAfterMs: 60 * 60_000 })).toMatchObject({ code: 'SEAL_AFTER_TOO_LONG' })
  const file = join(fresh, 'provider', 'config.json')
  await changeConfig(file, { 'sealing.afterMs': 60 * 60_000 })
  const { sealAfterMs: _, ...byFile } = options as RunProviderOptions
  const waitsTooLong = runProvider(byFile)
  await expect(waitsTooLong).rejects.toMatchObject({ code: 'SEAL_AFTER_TOO_LONG' })
  await changeConfig(file, { 'sealing.afterMs': undefined })
  expect(await refused({ port: Number(port) })).toMatchObject({ code: 'PORT_IN_USE', details: { port: Number(port) } })
  expect((await fetch(`${provider.url}/healthz`)).status).toBe(200)
})

test('a provider that comes back under another address says so on the chain, and keeps its number', async () => {
  const { providerId } = provider
  await provider.stop()
  const publicUrl = 'http://storage.example:7480'
  provider = await runProvider({ ...optionsFor(home), publicUrl })
  expect(await chain.provider(providerId)).toMatchObject({ endpoints: [publicUrl], name: 'tester' })
  await provider.stop()
  provider = await runProvider(optionsFor(home))
  expect(provider.providerId).toBe(providerId)
  expect(await chain.provider(providerId)).toMatchObject({ endpoints: [provider.url] })
})

test('a provider that listens on all addresses tells clients one that they can reach, or refuses to start', async () => {
  const { providerId } = provider
  await provider.stop()
  const said: object[] = []
  const everywhere = { ...optionsFor(home), host: '0.0.0.0', log: (event: object) => said.push(event) }
  const started = await runProvider(everywhere).catch((error: unknown) => error as { readonly code: string })
  if ('code' in started) {
    // A machine without any network.
    expect(started.code).toBe('NO_PUBLIC_ADDRESS')
  } else {
    const { endpoints } = await chain.provider(providerId)
    expect(endpoints.join()).toMatch(/^http:\/\/(?!0\.0\.0\.0)/)
    const line = { type: 'provider:address-found', level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/) }
    expect(said).toContainEqual({ ...line, host: '0.0.0.0', endpoint: endpoints[0] })
    await started.stop()
  }
  provider = await runProvider(optionsFor(home))
})

test('what config.json says of the provider is on the chain after a start, or refused by the name of the field', async () => {
  const path = join(home, 'provider', 'config.json')
  const { providerId } = provider
  await provider.stop()
  const said: object[] = []
  const restart = async (change: (config: ProviderConfig) => ProviderConfig): Promise<void> => {
    await writeConfig(path, change(await readConfig(path)))
    provider = await runProvider({ ...optionsFor(home), log: (event) => said.push(event) })
  }
  const before = await readConfig(path)
  try {
    const refused = (change: Partial<ProviderConfig>): Promise<void> => restart((config) => ({ ...config, ...change }))
    await expect(refused({ profile: '8MiB-dev' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('profile'),
    })
    await expect(refused({ profile: '2KiB-test', ask: { ...before.ask, pieceSizeMax: 4096 } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('ask.pieceSizeMax'),
    })
  } finally {
    const lower = String(BigInt(before.collateral) / 2n)
    const ask = { ...before.ask, pricePerGiBEpoch: '123' }
    await restart(() => ({ ...before, name: 'renamed', region: 'eu', collateral: lower, ask }))
  }
  expect(await chain.provider(providerId)).toMatchObject({
    name: 'renamed',
    region: 'eu',
    ask: { pricePerGiBEpoch: '123' },
  })
  expect(said).toContainEqual(expect.objectContaining({ code: 'COLLATERAL_NOT_WITHDRAWN' }))
  await provider.stop()
  await restart(() => ({ ...before, collateral: `1${'0'.repeat(38)}` }))
  expect(said).toContainEqual(expect.objectContaining({ code: 'COLLATERAL_NOT_DEPOSITED' }))
  await provider.stop()
  await restart(() => before)
})

test('a reload brings the chain to the file, refuses a wrong one as a whole, and says what waits for a start', async () => {
  const path = join(home, 'provider', 'config.json')
  const before = await readFile(path, 'utf8')
  const view = () => chain.provider(provider.providerId)
  try {
    const lessThanAll = BigInt((await chain.account(provider.address)).balance) / 10n
    const since = (await chain.status()).height
    const { free, locked } = (await view()).collateral
    const collateral = String(BigInt(free) + BigInt(locked) + lessThanAll)
    await changeConfig(path, { name: 'again', 'ask.pricePerGiBEpoch': '77', collateral, 'limits.downloads': 3 })
    const { changed, waiting } = await provider.reload()
    expect(changed).toEqual(
      expect.arrayContaining([expect.stringContaining('ask.pricePerGiBEpoch'), 'name "tester" → "again"']),
    )
    expect(waiting).toEqual(['limits.downloads 16 → 3'])
    expect(await view()).toMatchObject({ name: 'again', ask: { pricePerGiBEpoch: '77' } })
    const deposited = (await view()).collateral
    // What was minted vests meanwhile, and comes on top of what was missing when that was counted.
    const more = BigInt(deposited.free) + BigInt(deposited.locked) - BigInt(collateral)
    expect(sumsOfRuns(await releasedSince(since))).toContain(more)

    await changeConfig(path, { 'limits.downloads': undefined, 'ask.pricePerGiBEpoch': '78', 'ask.pieceSizeMax': 4096 })
    await expect(provider.reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await changeConfig(path, { 'ask.pieceSizeMax': undefined, profile: '8MiB-dev' })
    await expect(provider.reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await writeFile(path, '{ not json')
    await expect(provider.reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await view()).toMatchObject({ name: 'again', ask: { pricePerGiBEpoch: '77' } })
    const health = await new TestClient(provider.url).request('GET', '/healthz')
    expect(health.body.alerts).toContainEqual(
      expect.objectContaining({ code: 'CONFIG_NOT_APPLIED', subject: 'config.json' }),
    )
  } finally {
    await writeFile(path, before)
    await provider.reload()
  }
  const health = await new TestClient(provider.url).request('GET', '/healthz')
  expect(health.body.alerts).not.toContainEqual(expect.objectContaining({ code: 'CONFIG_NOT_APPLIED' }))
  expect(await view()).toMatchObject({ name: 'tester' })
})

test('a size that deals wait for is not taken out of the configuration, or they would lapse', async () => {
  const path = join(home, 'provider', 'config.json')
  const input = {
    ...{ chain, path, config: await readConfig(path), profile: profileNamed('2KiB-test'), sectorBytes: 2048 },
    ...{ settings: { get: () => undefined, set: () => {} }, sealAfterMs: 0, hasWorkers: false },
  }
  await requireConfig({ ...input, waitingPieces: [{ pieceSize: 2048 }] })
  await expect(
    requireConfig({ ...input, waitingPieces: [{ pieceSize: 4096 }, { pieceSize: 128 }] }),
  ).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('a piece of 4096 bytes, the largest sector has 2048: leave its size in'),
  })
})

test('an ask that would be renewed with nearly every block, and paid for, is refused', async () => {
  const path = join(home, 'provider', 'config.json')
  await changeConfig(path, { 'ask.validMs': 19_999 })
  try {
    const message = expect.stringContaining('ask.validMs: 19999, and 100 blocks of this chain are 20000 ms')
    await expect(provider.reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
    await changeConfig(path, { 'ask.validMs': 20_000 })
    await provider.reload()
  } finally {
    await changeConfig(path, { 'ask.validMs': undefined })
    await provider.reload()
  }
})

test('a provider that takes no deals gives no quote and ends its ask, until it does again', async () => {
  const path = join(home, 'provider', 'config.json')
  const client = await clientOf(23)
  const ask = { client: client.signer.address, pieceSize: 2048, duration: 200 }
  await changeConfig(path, { acceptDeals: false })
  await provider.reload()
  const refused = await client.request('POST', '/v1/quotes', ask)
  expect(refused.body.error).toMatchObject({ code: 'DEALS_NOT_TAKEN' })
  const { height } = await chain.status()
  expect((await chain.provider(provider.providerId)).ask!.validUntil - height).toBeLessThan(400)
  await changeConfig(path, { acceptDeals: undefined })
  await provider.reload()
  await client.quote(2048)
})

test('whom the owner denies, or does not name among those it allows, gets no quote and no deal', async () => {
  const path = join(home, 'provider', 'config.json')
  const client = await clientOf(24)
  const { address } = client.signer
  const car = await randomCar(1000)
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  const { height } = await chain.status()
  const refusal = { status: 403, body: { error: { code: 'CLIENT_REFUSED' } } }
  for (const [list, account] of [
    ['clients.deny', address],
    ['clients.allow', `0x${'11'.repeat(20)}`],
  ] as const) {
    await changeConfig(path, { [list]: [account] })
    await provider.reload()
    const asked = await client.request('POST', '/v1/quotes', { client: address, pieceSize: 2048, duration: 200 })
    expect(asked).toMatchObject(refusal)
    expect(await client.agree(uploadId, termsOf(car, quote, height + 400, 9n))).toMatchObject(refusal)
    await expect(client.upload(car.bytes, car, quote)).rejects.toThrow('CLIENT_REFUSED')
    await changeConfig(path, { [list]: undefined })
  }
  await changeConfig(path, { 'clients.allow': [address] })
  await provider.reload()
  expect((await client.agree(uploadId, termsOf(car, quote, height + 400, 9n))).status).toBe(201)
  await changeConfig(path, { 'clients.allow': undefined })
  await provider.reload()
})

test('a profile that the chain does not take is refused before a file is written or money moves', async () => {
  const other = join(root.home, 'production')
  const account = { address: provider.address, balance: 1_000n * 10n ** 18n }
  await initChain({ home: other, devnet: false, chainId: 'strict', accounts: [account] })
  const strict = await runChain({ home: other, port: 0, trustClock: true })
  try {
    const fresh = join(root.home, 'refused')
    const refusal = { code: 'PROFILE_REFUSED', details: { profile: '2KiB-test' } }
    const init = initProvider({ home: fresh, chainUrl: strict.url, profile: '2KiB-test', passphrase, light: true })
    await expect(init).rejects.toMatchObject(refusal)
    expect(existsSync(join(fresh, 'provider'))).toBe(false)
    const made = await newHome('made-elsewhere')
    const run = runProvider({ ...optionsFor(made), chainUrl: strict.url })
    await expect(run).rejects.toMatchObject(refusal)
  } finally {
    await strict.stop()
  }
})

test('a provider that was away finds on the chain what was published meanwhile, under its old address', async () => {
  const client = await clientOf(22)
  const agreed = await agreeOn(client, await randomCar(1000))
  const { url, providerId } = provider
  await provider.stop()
  await publish(client, agreed)
  const other = await otherChain()
  await expect(runProvider({ ...optionsFor(home), chainUrl: other.url })).rejects.toMatchObject({
    code: 'CHAIN_MISMATCH',
  })
  await other.stop()
  provider = await runProvider(optionsFor(home))
  expect([provider.url, provider.providerId]).toEqual([url, providerId])
  expect(await until(agreed.body.agreementId, 'active')).toContain('published')
})

async function otherChain(): Promise<Awaited<ReturnType<typeof runChain>>> {
  const other = join(root.home, 'other-chain')
  await initChain({ home: other, devnet: true, blockTimeMs: 200 })
  return runChain({ home: other, port: 0 })
}

test('keys lie encrypted on disk and nowhere else', async () => {
  const folder = join(await newHome('keys'), 'provider')
  for (const name of ['keystore.json', 'session.json'])
    expect(JSON.parse(await readFile(join(folder, name), 'utf8'))).toMatchObject({
      version: 3,
      crypto: expect.anything(),
    })
  expect((await readdir(folder)).toSorted()).toEqual([
    'config.json',
    'keystore.json',
    'pieces',
    'queue',
    'sectors',
    'session.json',
    'staging',
  ])
})
