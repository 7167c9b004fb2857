/** A provider whose chain is reached by way of somebody who lies: files and the chain are real. */
import { readdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fromHex } from '@granary/base'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { randomCar, TestClient, temporaryHome, termsOf } from '../test/market-kit.ts'
import { initProvider, type RunningProvider, runProvider } from './main.ts'

type Json = Record<string, unknown>

const passphrase = 'for tests only'
const BLOCK_MS = 200
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient
let proxy: Server
/** What becomes of an answer; undefined: it is passed on. */
let lie: ((path: string, answer: Json) => void) | undefined

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: BLOCK_MS })
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
  proxy = createServer((request, response) => {
    const path = request.url ?? ''
    const body = request.method === 'POST' ? { body: Readable.toWeb(request) as BodyInit, duplex: 'half' as const } : {}
    const { host: _host, connection: _connection, ...headers } = request.headers
    fetch(`${node.url}${path}`, { method: request.method ?? 'GET', headers: headers as HeadersInit, ...body })
      .then(async (answer) => {
        const { 'content-length': _length, ...named } = Object.fromEntries(answer.headers)
        const isJson = answer.headers.get('content-type')?.includes('json') === true
        response.writeHead(answer.status, named)
        if (!isJson || lie === undefined) return void Readable.fromWeb(answer.body as never).pipe(response)
        const json = (await answer.json()) as Json
        lie(path, json)
        response.end(JSON.stringify(json))
      })
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  proxy.closeAllConnections()
  proxy.close()
  await node.stop()
  await root.remove()
})

function run(): Promise<RunningProvider> {
  const options = { home: join(root.home, 'provider'), cacheHome: join(root.home, 'cache'), passphrase }
  return runProvider({ ...options, sealAfterMs: 0, port: 0, libp2pPort: undefined })
}

async function publishDeal(provider: RunningProvider): Promise<string> {
  const { genesisHash } = await chain.status()
  const client = new TestClient(provider.url, { key: 31, provider: provider.providerId, genesisHash })
  await chain.faucet(client.signer.address)
  await client.logIn()
  const car = await randomCar(100)
  const quote = await client.quote(car.pieceSize, 1_000)
  const { height } = await chain.status()
  const terms = termsOf(car, quote, height + 500, BigInt(provider.providerId))
  const { body } = await client.agree(await client.upload(car.bytes, car, quote), terms)
  const deals = [{ terms: dealTermsFromJson(body.terms), providerSignature: fromHex(body.signature) }]
  await sendMessage({ chain, signer: client.signer, kind: 'PublishDeal', body: { deals } })
  return body.agreementId
}

async function eventually(ready: () => Promise<boolean>): Promise<void> {
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 100))
}

const stateOf = async ({ url }: RunningProvider, agreementId: string): Promise<unknown> =>
  ((await (await fetch(`${url}/v1/deals/${agreementId}`)).json()) as Json).state
const alertsOf = async ({ url }: RunningProvider): Promise<string[]> =>
  ((await (await fetch(`${url}/healthz`)).json()) as { alerts: { code: string }[] }).alerts.map(({ code }) => code)
const stored = async (): Promise<string[][]> =>
  Promise.all(['pieces', 'sectors'].map((name) => readdir(join(root.home, 'provider/provider', name))))

/** All deals have ended and are settled, all sectors are over, there is no partition. */
function allOver(path: string, answer: Json): void {
  if (path.endsWith('/partitions')) answer.items = []
  if (!/^\/v1\/(deals|sectors)/.test(path)) return
  for (const record of [answer, ...((answer.items as Json[]) ?? [])])
    if ('terms' in record) Object.assign(record, { state: 'expired', earned: '0', locked: '0' })
    else if (record.state === 'active' || record.state === 'faulty') record.state = 'expired'
}

test('a node that says that all is over takes nothing: no piece, no replica, and the deal goes on when it is gone', async () => {
  const chainUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  await initProvider({ home: join(root.home, 'provider'), chainUrl, profile: '2KiB-test', passphrase, light: true })
  const before = await run()
  const agreementId = await publishDeal(before)
  await eventually(async () => (await stateOf(before, agreementId)) === 'active')
  await before.stop()
  const files = await stored()
  expect(files.flat()).toHaveLength(2)

  lie = allOver
  const provider = await run()
  await eventually(async () => (await alertsOf(provider)).filter((code) => code === 'END_NOT_PROVEN').length === 2)
  expect(await stored()).toEqual(files)
  lie = undefined
  await eventually(async () => !(await alertsOf(provider)).includes('END_NOT_PROVEN'))
  expect(await stateOf(provider, agreementId)).toBe('active')
  await provider.stop()
  expect(await stored()).toEqual(files)
}, 120_000)
