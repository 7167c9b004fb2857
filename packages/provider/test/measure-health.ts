/**
 * How long `/healthz` takes while 16 connections fetch raw blocks of 1 MiB, or with `piece` their piece: five looks of six seconds at a provider with its chain,
 * after three at one that nobody else asks. The load comes from a thread of its own. docs/benchmarks.md, a provider.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { initChain, runChain } from '@granary/chain/node'
import { parseCar } from '@granary/content'
import { createChainClient } from '@granary/protocol/client'
import { initProvider } from '../src/main.ts'
import { only, randomCar, temporaryHome } from './market-kit.ts'
import { passphrase, startProvider, storeDeal } from './provider-process.ts'

const CONNECTIONS = 16
const LOOK_MS = 6_000
const EACH_MS = 5
const FILE_BYTES = 6_000_000
/** Of multicodec. */
const RAW = 0x55

async function fetched(url: string, agent: Agent): Promise<number | undefined> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

async function load(urls: readonly string[]): Promise<never> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let asked = 0
  const ask = async (): Promise<never> => {
    for (;;) await fetched(urls[asked++ % urls.length]!, agent)
  }
  return await Promise.race(Array.from({ length: CONNECTIONS }, ask))
}

async function look(name: string, url: string, agent: Agent): Promise<void> {
  const taken: number[] = []
  for (const endMs = performance.now() + LOOK_MS; performance.now() < endMs; await sleep(EACH_MS)) {
    const startMs = performance.now()
    await fetched(`${url}/healthz`, agent)
    taken.push(performance.now() - startMs)
  }
  taken.sort((a, b) => a - b)
  const at = (part: number): string => `${taken[Math.floor((taken.length - 1) * part)]!.toFixed(1)} ms`
  const [machine] = readFileSync('/proc/loadavg', 'utf8').split(' ')
  process.stdout.write(
    `${name}: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} of ${taken.length}; load ${machine}\n`,
  )
}

async function measure(): Promise<void> {
  const root = await temporaryHome()
  const { home } = root
  await initChain({ home, devnet: true, blockTimeMs: 500 })
  const node = await runChain({ home, port: 0 })
  await initProvider({ home, chainUrl: node.url, profile: '8MiB-dev', passphrase, light: true })
  // It seals nothing meanwhile.
  const times = { sealAfterMs: 1_800_000, cacheHome: join(home, 'cache') }
  const provider = await startProvider({ home, chainUrl: node.url, ...times })
  const car = await randomCar(FILE_BYTES)
  await storeDeal(createChainClient({ url: node.url }), provider.url, car)
  const agent = new Agent({ keepAlive: true })
  while ((await fetched(`${provider.url}/ipfs/${car.rootCid}`, agent)) !== 200) await sleep(200)
  const urls: string[] = process.argv[2] === 'piece' ? [`${provider.url}/piece/${car.pieceCid}`] : []
  const isOfBlocks = urls.length === 0
  const { blocks } = await parseCar(only(car.bytes))
  for await (const { cid } of blocks)
    if (isOfBlocks && cid.code === RAW) urls.push(`${provider.url}/ipfs/${cid}?format=raw`)
  for (let number = 0; number < 3; number += 1) await look('nobody else', provider.url, agent)
  const others = new Worker(new URL(import.meta.url), { workerData: urls })
  await sleep(1_000)
  for (let number = 0; number < 5; number += 1) await look(`${CONNECTIONS} connections`, provider.url, agent)
  await others.terminate()
  await provider.kill()
  await node.stop()
  await root.remove()
}

if (isMainThread) {
  await measure()
  process.exit()
}
await load(workerData as readonly string[])
