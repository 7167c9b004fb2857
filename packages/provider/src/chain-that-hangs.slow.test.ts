import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { initChain, runChain } from '@granary/chain/node'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { TestClient, temporaryHome } from '../test/market-kit.ts'
import { initProvider, type RunningProvider, runProvider } from './main.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let line: Line
let provider: RunningProvider
const logged: Record<string, unknown>[] = []
let onLine: () => void = () => {}

/** Between the provider and its chain: while it hangs, connections are taken and nothing passes. */
interface Line {
  readonly url: string
  hang(): void
  goOn(): void
  close(): void
}

async function lineTo(url: string): Promise<Line> {
  const sockets = new Set<Socket>()
  let isHanging = false
  const server: Server = createServer((from) => {
    const to = connect(Number(new URL(url).port), '127.0.0.1')
    for (const [a, b] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(a)
      a.on('data', (bytes) => {
        if (!isHanging) b.write(bytes)
      })
      a.on('error', () => {}).on('close', () => {
        sockets.delete(a)
        b.destroy()
      })
    }
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    hang: () => {
      isHanging = true
    },
    goOn: () => {
      isHanging = false
      cut()
    },
    close: () => {
      server.close()
      cut()
    },
  }
}

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  line = await lineTo(node.url)
  const home = join(root.home, 'hangs')
  await initProvider({ home, chainUrl: line.url, profile: '2KiB-test', passphrase, light: true })
  const log = (event: object): void => {
    logged.push(event as Record<string, unknown>)
    onLine()
  }
  const cacheHome = join(root.home, 'cache')
  provider = await runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs: 0, log })
})
afterAll(async () => {
  line.goOn()
  await provider.stop()
  line.close()
  await node.stop()
  await root.remove()
})

async function untilLogged(wanted: (event: Record<string, unknown>) => boolean): Promise<void> {
  while (!logged.some(wanted)) await new Promise<void>((resolve) => (onLine = resolve))
}

test('a chain that takes questions and does not answer keeps no client waiting, and is one alert and its end', async () => {
  const client = new TestClient(provider.url)
  const before = (await client.request('GET', '/v1/info')).body
  logged.length = 0
  line.hang()
  // Each of these waited for more than a minute: the bound of the test is what they are held to, with all others together.
  const asked = { client: client.signer.address, pieceSize: 2048, duration: 200 }
  const [info, quote, deal, routed] = await Promise.all([
    client.request('GET', '/v1/info'),
    client.request('POST', '/v1/quotes', asked),
    client.request('GET', '/v1/deals/7'),
    fetch(`${provider.url}/routing/v1/providers/bafkqaaa`),
  ])
  expect(info).toMatchObject({ status: 200, body: { id: before.id, ask: before.ask } })
  for (const { status, body } of [quote, deal]) {
    expect(status).toBe(503)
    expect(body.error).toMatchObject({ code: 'CHAIN_UNREACHABLE', retryable: true })
  }
  expect(routed.status).toBe(503)
  await untilLogged(({ type, code }) => type === 'alert' && code === 'CHAIN_UNREACHABLE')
  // Also while the rest of the daemon goes on asking.
  for (let times = 0; times < 2; times += 1) await client.request('POST', '/v1/quotes', asked)
  expect((await client.request('GET', '/v1/info')).body.id).toBe(before.id)
  expect(logged.filter(({ level }) => level !== 'info').map(({ type, code }) => `${type} ${code}`)).toEqual([
    'alert CHAIN_UNREACHABLE',
  ])
  line.goOn()
  await untilLogged(({ type, code }) => type === 'alert:over' && code === 'CHAIN_UNREACHABLE')
  expect((await client.request('POST', '/v1/quotes', asked)).status).toBe(200)
}, 60_000)
