import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { initChain, runChain } from '@granary/chain/node'
import { createChainClient } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { randomCar, temporaryHome } from '../../test/market-kit.ts'
import { type ProviderProcess, passphrase, startProvider, storeDeal, until } from '../../test/provider-process.ts'
import { initProvider } from '../main.ts'

const READERS = 200
const closing = { headers: { connection: 'close' } }
const FILE_BYTES = 6_000_000
const MEMORY_MAX_BYTES = 100 * 1024 * 1024

let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let provider: ProviderProcess

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  await initProvider({ home: root.home, chainUrl: node.url, profile: '8MiB-dev', passphrase, light: true })
  const path = join(root.home, 'provider', 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...config, limits: { ...config.limits, loopback: true } }))
  const cacheHome = join(root.home, 'cache')
  // It seals nothing: the memory that is measured is that of readers.
  provider = await startProvider({ home: root.home, cacheHome, chainUrl: node.url, sealAfterMs: 1_800_000 })
}, 120_000)
afterAll(async () => {
  await provider.kill()
  await node.stop()
  await root.remove()
})

function memoryBytes(): number {
  const status = readFileSync(`/proc/${provider.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

/** Reads one byte a second, from one of 200 addresses; `ended` when the provider has let go of it. */
function openReader(path: string, address: number): { readonly socket: Socket; ended: boolean; read: number } {
  const { hostname, port } = new URL(provider.url)
  const localAddress = `127.0.0.${address}`
  const socket = connect({ port: Number(port), host: hostname, localAddress })
  const reader = { socket, ended: false, read: 0 }
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
  socket.on('readable', () => undefined)
  const end = (): void => {
    reader.ended = true
  }
  socket.on('error', end)
  socket.on('close', end)
  const timer = setInterval(() => {
    if (socket.read(1) !== null) reader.read += 1
    // What is written to a connection that has been reset says so.
    if (!socket.destroyed) socket.write('\r\n')
  }, 1_000)
  socket.once('close', () => clearInterval(timer))
  return reader
}

async function statusOfHealth(): Promise<number | undefined> {
  const [response] = (await once(get(`${provider.url}/healthz`, { agent: false }), 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

test('200 readers at one byte a second cost at most 100 MB, and are ended while others are served', async () => {
  const chain = createChainClient({ url: node.url })
  const car = await randomCar(FILE_BYTES)
  await storeDeal(chain, provider.url, car)
  const path = `/ipfs/${car.rootCid}`
  const whole = await until('the file is served', async () => {
    const response = await fetch(provider.url + path)
    // 202 while its piece is being indexed.
    return response.status === 200 ? (await response.arrayBuffer()).byteLength : void (await response.body?.cancel())
  })
  expect(whole).toBe(FILE_BYTES)

  // What a provider has in use at most that serves readers who read: the most of both is compared, since what a collection has
  // just given back would count as the slow ones' when it is taken again.
  let before = 0
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(Array.from({ length: 8 }, async () => (await fetch(provider.url + path, closing)).arrayBuffer()))
    before = Math.max(before, memoryBytes())
  }
  const readers = Array.from({ length: READERS }, (_, index) => openReader(path, (index % 200) + 2))
  let most = 0
  let slowestMs = 0
  for (let second = 0; second < 75 && !readers.every(({ ended }) => ended); second += 1) {
    await sleep(1_000)
    most = Math.max(most, memoryBytes())
    const startMs = performance.now()
    expect(await statusOfHealth()).toBe(200)
    slowestMs = Math.max(slowestMs, performance.now() - startMs)
  }
  process.stderr.write(
    `${READERS} readers: ${Math.round((most - before) / 1e6)} MB more, slowest other answer ${Math.round(slowestMs)} ms\n`,
  )
  expect(readers.filter(({ ended }) => !ended)).toHaveLength(0)
  expect(most - before).toBeLessThan(MEMORY_MAX_BYTES)
  const after = await fetch(provider.url + path, closing)
  expect((await after.arrayBuffer()).byteLength).toBe(FILE_BYTES)
}, 240_000)
