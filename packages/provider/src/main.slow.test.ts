import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Upload } from 'tus-js-client'
import { randomCar, type TestCar, TestClient, temporaryHome, termsOf, uploadMetadata } from '../test/market-kit.ts'
import { initProvider } from './main.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient
let child: ChildProcess | undefined

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
  await initProvider({ home: root.home, chainUrl: node.url, profile: '8MiB-dev', passphrase, light: true })
})
afterAll(async () => {
  await kill()
  await node.stop()
  await root.remove()
})

async function start(): Promise<string> {
  const options = { home: root.home, cacheHome: join(root.home, 'cache'), port: 0, passphrase, sealAfterMs: 600_000 }
  const program = join(import.meta.dirname, '..', 'test', 'run-provider.ts')
  const args = [
    '--conditions=@granary/source',
    '--disable-warning=ExperimentalWarning',
    program,
    JSON.stringify(options),
  ]
  child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout!, 'data')
  return JSON.parse(String(line)).url
}

async function kill(): Promise<void> {
  if (child === undefined) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  child = undefined
}

/** Sends at most until `stopAt` bytes are acknowledged; resolves with the upload's address. */
function send(url: string, client: TestClient, car: TestCar, metadata: Record<string, string>, stopAt: number) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const upload = new Upload(car.bytes, {
    endpoint: `${url}/v1/uploads`,
    headers: client.authorization,
    metadata,
    chunkSize: 500_000,
    retryDelays: null,
    onChunkComplete: (_, accepted) => {
      if (accepted < stopAt) return
      void upload.abort()
      resolve(String(upload.url))
    },
    onError: reject,
  })
  upload.start()
  return promise
}

function finish(address: string, client: TestClient, car: TestCar): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const options = { uploadUrl: address, headers: client.authorization, retryDelays: null }
  new Upload(car.bytes, { ...options, onSuccess: () => resolve(), onError: reject }).start()
  return promise
}

test('killed in the middle of an upload and right after an agreement, it loses nothing that it acknowledged', async () => {
  const car = await randomCar(3_000_000)
  const { genesisHash } = await chain.status()
  const url = await start()
  const info = await new TestClient(url).request('GET', '/v1/info')
  const client = new TestClient(url, { provider: info.body.id, genesisHash })
  await chain.faucet(client.signer.address)
  await client.logIn()
  const quote = await client.quote(car.pieceSize)
  const address = await send(url, client, car, uploadMetadata(car, quote), 1_000_000)
  await kill()

  expect(await start()).toBe(url)
  const headers = { 'tus-resumable': '1.0.0' }
  const { headers: head } = await client.request('HEAD', new URL(address).pathname, undefined, headers)
  expect(Number(head.get('upload-offset'))).toBeGreaterThanOrEqual(1_000_000)
  await finish(address, client, car)
  const { height } = await chain.status()
  const terms = termsOf(car, quote, height + 1000)
  const uploadId = String(address.split('/').at(-1))
  const first = await client.agree(uploadId, terms)
  expect(first.status).toBe(201)
  await kill()

  expect(await start()).toBe(url)
  const again = await client.agree(uploadId, terms)
  expect(again.status).toBe(200)
  expect(again.body).toEqual(first.body)
})
