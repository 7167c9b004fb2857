/** A chain that is rolled back over the end of a deal, with a real provider: the deal goes on. */
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { initChain, runChain } from '@granary/chain/node'
import { createChainClient, sendMessage } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { randomCar, TestClient, temporaryHome, termsOf } from '../../test/market-kit.ts'
import { initProvider, runProvider } from '../main.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
})
afterAll(async () => {
  await node.stop()
  await root.remove()
})

async function eventually(ready: () => Promise<boolean>): Promise<void> {
  while (!(await ready().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 100))
}

test('a deal whose end the chain has forgotten is active again, and its piece is made again from its replica', async () => {
  const { url } = node
  const home = join(root.home, 'provider')
  const pieces = join(home, 'provider', 'pieces')
  const folder = join(root.home, 'chain')
  const chain = createChainClient({ url })
  await initProvider({ home, chainUrl: url, profile: '2KiB-test', passphrase, light: true })
  const options = { home, cacheHome: join(root.home, 'cache'), passphrase, sealAfterMs: 0 }
  const provider = await runProvider({ ...options, port: 0, libp2pPort: undefined })
  const { genesisHash } = await chain.status()
  const client = new TestClient(provider.url, { key: 31, provider: provider.providerId, genesisHash })
  await chain.faucet(client.signer.address)
  await client.logIn()
  const car = await randomCar(100)
  const quote = await client.quote(car.pieceSize, 5_000)
  const { height } = await chain.status()
  const terms = termsOf(car, quote, height + 500, BigInt(provider.providerId))
  const { body } = await client.agree(await client.upload(car.bytes, car, quote), terms)
  const deals = [{ terms: dealTermsFromJson(body.terms), providerSignature: fromHex(body.signature) }]
  await sendMessage({ chain, signer: client.signer, kind: 'PublishDeal', body: { deals } })
  const deal = async () => (await client.request('GET', `/v1/deals/${body.agreementId}`)).body
  await eventually(async () => (await deal()).state === 'active')

  const restart = async (): Promise<void> => {
    node = await runChain({ home: root.home, port: Number(new URL(url).port) })
  }
  await node.stop()
  await cp(folder, join(root.home, 'copy'), { recursive: true })
  await restart()
  await sendMessage({ chain, signer: client.signer, kind: 'CancelDeal', body: { deal: (await deal()).dealId } })
  await eventually(async () => (await deal()).state === 'cancelled')
  await eventually(async () => (await readdir(pieces)).length === 0)
  await node.stop()
  await rm(folder, { recursive: true })
  await cp(join(root.home, 'copy'), folder, { recursive: true })
  await restart()

  await eventually(async () => (await deal()).state === 'active')
  expect((await deal()).timeline.at(-1)).toMatchObject({ type: 'rolled-back', to: 'active' })
  await eventually(async () => (await fetch(`${provider.url}/piece/${car.pieceCid}`)).status === 200)
  expect(Buffer.from(await (await fetch(`${provider.url}/piece/${car.pieceCid}`)).arrayBuffer())).toEqual(
    Buffer.from(car.bytes),
  )
  await provider.stop()
}, 120_000)
