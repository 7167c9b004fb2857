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
  const cacheHome = join(root.home, 'cache')
  return runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs })
}

/** A deal of the shortest duration, published; gives the types of its timeline when that one is there. */
async function dealUntil(
  provider: RunningProvider,
  type: string,
): Promise<{ types: string[]; body: { reason: string } }> {
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

  const types: string[] = []
  const events = await fetch(`${provider.url}/v1/deals/${body.agreementId}/events`)
  for await (const { event } of readServerSentEvents(events.body!)) {
    types.push(event)
    if (event === type) break
  }
  return { types, body: (await client.request('GET', `/v1/deals/${body.agreementId}`)).body }
}

async function piecesOf(name: string): Promise<string[]> {
  return readdir(join(root.home, name, 'provider', 'pieces'))
}

test('a deal that is not active in time lapses, and its piece goes', async () => {
  const provider = await start('slow', 4_000, 3_900)
  const { types, body } = await dealUntil(provider, 'lapsed')
  expect(types).toEqual(expect.arrayContaining(['agreed', 'published', 'lapsed']))
  expect(body.reason).toBe('NOT_ACTIVE_IN_TIME')
  await provider.stop()
  expect(await piecesOf('slow')).toEqual([])
}, 60_000)

test('a deal that was active to its end expires, and its piece goes', async () => {
  const provider = await start('whole', 600_000, 0)
  const { types, body } = await dealUntil(provider, 'expired')
  expect(types).toEqual(expect.arrayContaining(['agreed', 'published', 'active', 'expired']))
  expect(body.reason).toBe('DEAL_ENDED')
  await provider.stop()
  expect(await piecesOf('whole')).toEqual([])
}, 120_000)
