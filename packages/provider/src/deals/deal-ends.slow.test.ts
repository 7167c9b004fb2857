import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient, readServerSentEvents, sendMessage } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { randomCar, TestClient, temporaryHome, termsOf } from '../../test/market-kit.ts'
import { readConfig, writeConfig } from '../config.ts'
import { initProvider, type RunningProvider, runProvider } from '../main.ts'

const passphrase = 'for tests only'
const BLOCK_MS = 200
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: BLOCK_MS })
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
})
afterAll(async () => {
  await node.stop()
  await root.remove()
})

async function start(name: string, activateWithinMs: number, sealAfterMs: number): Promise<RunningProvider> {
  const home = join(root.home, name)
  await initProvider({ home, chainUrl: node.url, profile: '2KiB-test', passphrase, light: true })
  const path = join(home, 'provider', 'config.json')
  await writeConfig(path, { ...(await readConfig(path)), activateWithinMs })
  return run(name, sealAfterMs)
}

function run(name: string, sealAfterMs: number): Promise<RunningProvider> {
  const options = { home: join(root.home, name), cacheHome: join(root.home, 'cache'), passphrase, sealAfterMs }
  return runProvider({ ...options, port: 0, libp2pPort: undefined })
}

/** A deal of the shortest duration. @returns its agreement's id */
async function publishDeal(provider: RunningProvider): Promise<string> {
  const { genesisHash } = await chain.status()
  const client = new TestClient(provider.url, { key: 31, provider: provider.providerId, genesisHash })
  await chain.faucet(client.signer.address)
  await client.logIn()
  // Small, so that its sector is not full and waits for more.
  const car = await randomCar(100)
  const quote = await client.quote(car.pieceSize, 30_000 / BLOCK_MS)
  const { height } = await chain.status()
  const terms = termsOf(car, quote, height + 500, BigInt(provider.providerId))
  const { body } = await client.agree(await client.upload(car.bytes, car, quote), terms)
  const providerSignature = fromHex(body.signature)
  const deals = [{ terms: dealTermsFromJson(body.terms), providerSignature }]
  await sendMessage({ chain, signer: client.signer, kind: 'PublishDeal', body: { deals } })
  return body.agreementId
}

/** The types of its timeline when that one is there. */
async function timelineUntil(
  provider: RunningProvider,
  agreementId: string,
  type: string,
): Promise<{ types: string[]; reason: string }> {
  const types: string[] = []
  const events = await fetch(`${provider.url}/v1/deals/${agreementId}/events`)
  for await (const { event } of readServerSentEvents(events.body!)) {
    types.push(event)
    if (event === type) break
  }
  const answer = await fetch(`${provider.url}/v1/deals/${agreementId}`)
  return { types, reason: ((await answer.json()) as { reason: string }).reason }
}

async function lapsedOnTheChain(agreementId: string): Promise<void> {
  for await (const _block of chain.events({ types: ['block'] }))
    for await (const deal of chain.deals({})) if (deal.agreementId === agreementId && deal.state === 'lapsed') return
}

async function piecesOf(name: string): Promise<string[]> {
  return readdir(join(root.home, name, 'provider', 'pieces'))
}

test('a deal that is not active in time lapses, and its piece goes', async () => {
  // A sector is sealed in time where it can be: so its provider is away until it is too late.
  const before = await start('slow', 4_000, 3_900)
  const agreementId = await publishDeal(before)
  await before.stop()
  await lapsedOnTheChain(agreementId)
  const provider = await run('slow', 3_900)
  const { types, reason } = await timelineUntil(provider, agreementId, 'lapsed')
  expect(types).toEqual(expect.arrayContaining(['agreed', 'published', 'lapsed']))
  expect(reason).toBe('NOT_ACTIVE_IN_TIME')
  await provider.stop()
  expect(await piecesOf('slow')).toEqual([])
}, 60_000)

test('a deal that was active to its end expires, and its piece goes', async () => {
  const provider = await start('whole', 600_000, 0)
  const { types, reason } = await timelineUntil(provider, await publishDeal(provider), 'expired')
  expect(types).toEqual(expect.arrayContaining(['agreed', 'published', 'active', 'expired']))
  expect(reason).toBe('DEAL_ENDED')
  await provider.stop()
  expect(await piecesOf('whole')).toEqual([])
}, 120_000)
