/**
 * What is large: a file of many pieces and a folder of many files, two copies of each, a provider killed in the middle of the
 * puts and another in the middle of the gets; and a file of 10 GiB, which is priced. The client has little of it in memory.
 */
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { createChainClient } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createWorkbench, envelope, type Running, type Workbench } from './harness.ts'
import { type KeptProvider, keepProvider } from './kept-provider.ts'
import { digestOf, largeFile, largeFolder, type MemoryWatch, sparseFile, watchMemory } from './large.ts'
import { fileOf, type Server, sameBytes, succeeded } from './story.ts'

const MIB = 1 << 20
const FILE_BYTES = 300 * MIB + 4_321
const FILES = 3_000
const SPARSE_BYTES = 10 * 1_024 * MIB
const MEMORY_MAX = 300_000_000
const PRICING_MEMORY_MAX = 200_000_000

let bench: Workbench
let chain: Server
let providers: readonly KeptProvider[]

beforeAll(async () => {
  bench = createWorkbench()
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--json']))
  chain = await bench.startChain()
  const keep = (name: string) => keepProvider({ bench, chainUrl: chain.url, home: join(bench.home, name) })
  // The first makes the table of parents that the others read.
  providers = [await keep('p0'), ...(await Promise.all([keep('p1'), keep('p2')]))]
  // Types are stripped once, as `npx granary` does it, and not in each process, which takes memory of its own.
  succeeded(await watched('put', fileOf(bench, 'first.bin', 10), '--dry-run').finished)
}, 120_000)
afterAll(() => bench?.close())

/** A command against this chain, and what it had in memory. */
function watched(...args: readonly string[]): Running & MemoryWatch {
  const env = { NODE_COMPILE_CACHE: join(bench.home, 'compiled') }
  const running = bench.start([...args, '--chain', chain.url, '--json'], env)
  return { ...running, ...watchMemory(running) }
}

async function stored({ finished, peakBytes }: Running & MemoryWatch): Promise<PutResult> {
  const { data } = envelope<PutResult>(succeeded(await finished))
  expect(peakBytes()).toBeLessThan(MEMORY_MAX)
  const holders = Map.groupBy(data.deals, ({ piece }) => piece)
  for (const held of holders.values()) expect(new Set(held.map(({ provider }) => provider)).size).toBe(2)
  expect(data.deals).toHaveLength(2 * holders.size)
  expect(new Set(data.deals.map(({ state }) => state))).toEqual(new Set(['active']))
  return data
}

test('300 MiB and 3,000 files outlive a provider in the middle of their puts, and another in the middle of a get', async () => {
  const file = largeFile(join(bench.home, 'large.bin'), FILE_BYTES)
  const folder = largeFolder(join(bench.home, 'folder'), FILES)
  const put = (path: string) => watched('put', path, '--copies', '2', '--progress', 'json')
  const putting = put(file)
  const planned = JSON.parse((await putting.line(/"type":"planned"/)).input!) as { slots: { provider: number }[] }
  const [first, second] = planned.slots.slice(0, 2).map(({ provider }) => providers.find(({ id }) => id === provider)!)
  await putting.line(/"type":"published","slot":20,/)
  // From the same account, side by side.
  const puttingFolder = put(folder)
  await second!.kill()
  await putting.line(new RegExp(`"type":"provider:refused".*"provider":${second!.id},`))
  // It has deals on the chain that it has not sealed.
  await second!.start()
  const [one, two] = await Promise.all([stored(putting), stored(puttingFolder)])
  const client = createChainClient({ url: chain.url })
  const onChain = await Array.fromAsync(client.deals({}))
  const made = [...one.deals, ...two.deals].map(({ dealId }) => dealId).sort((a, b) => a - b)
  // None is paid for that the puts do not know of.
  expect(onChain.map(({ id }) => id).sort((a, b) => a - b)).toEqual(made)
  expect(new Set(one.deals.map(({ provider }) => provider))).toEqual(new Set(providers.map(({ id }) => id)))

  const out = join(bench.home, 'out.bin')
  const getting = watched('get', one.rootCid, '-o', out)
  await getting.line(/verified +[1-9]\d? %/)
  await first!.kill()
  succeeded(await getting.finished)
  expect(sameBytes(out, file)).toBe(true)
  expect(getting.peakBytes()).toBeLessThan(MEMORY_MAX)

  const back = join(bench.home, 'back')
  const gettingFolder = watched('get', two.rootCid, '-o', back)
  succeeded(await gettingFolder.finished)
  expect(digestOf(back)).toBe(digestOf(folder))
  expect(gettingFolder.peakBytes()).toBeLessThan(MEMORY_MAX)
}, 600_000)

test('10 GiB are read and priced in little memory, and nothing is spent', async () => {
  const path = sparseFile(join(bench.home, 'sparse.bin'), SPARSE_BYTES)
  const client = createChainClient({ url: chain.url })
  const before = (await Array.fromAsync(client.deals({}))).length
  const pricing = watched('put', path, '--copies', '2', '--dry-run')
  const { data } = envelope<{ fileBytes: number; pieces: { payloadSize: number }[]; slots: object[] }>(
    succeeded(await pricing.finished),
  )
  expect(data.fileBytes).toBe(SPARSE_BYTES)
  expect(data.pieces.reduce((sum, { payloadSize }) => sum + payloadSize, 0)).toBeGreaterThan(SPARSE_BYTES)
  expect(data.slots).toHaveLength(2 * data.pieces.length)
  expect(pricing.peakBytes()).toBeLessThan(PRICING_MEMORY_MAX)
  expect((await Array.fromAsync(client.deals({}))).length).toBe(before)
}, 240_000)
