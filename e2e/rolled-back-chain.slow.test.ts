/**
 * A chain that was restored from an older copy, and another one at the same address: what is stored and sealed stays, the
 * provider goes on, and a put says nothing that the chain does not.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { createChainClient } from '@granary/protocol/client'
import { afterEach, expect, test } from '@jest/globals'
import { createWorkbench, envelope } from './harness.ts'
import {
  fileOf,
  type Market,
  put,
  putArguments,
  type Server,
  sameBytes,
  startMarket,
  succeeded,
  timelineOf,
} from './story.ts'

let market: Market
afterEach(() => market.bench.close())

async function dealsOf(rootCid: string): Promise<{ id: number; state: string }[]> {
  const deals = await Array.fromAsync(market.client.deals({ rootCid }))
  return deals.map(({ id, state }) => ({ id, state }))
}

function sectorFolder(sector: number): string {
  return join(market.bench.home, 'provider', 'sectors', String(sector))
}

function has(sector: number): boolean {
  return existsSync(join(sectorFolder(sector), 'replica'))
}

async function alerts(url: string): Promise<string[]> {
  const { alerts } = (await (await fetch(`${url}/healthz`)).json()) as { alerts: { code: string }[] }
  return alerts.map(({ code }) => code)
}

async function until(what: string, ready: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await ready().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`did not happen: ${what}`)
}

test('put r1, copy the chain, put r2, put the old folder back, put r3: all three are deals, and nothing was lost', async () => {
  market = await startMarket()
  const { bench, provider } = market
  const port = Number(new URL(market.chain.url).port)
  const chainFolder = join(bench.home, 'chain')
  const copy = join(bench.home, 'chain-copy')
  const files = ['r1', 'r2', 'r3'].map((name) => fileOf(bench, `${name}.bin`, 100_000)) as [string, string, string]

  await put(bench, files[0], market.chain.url)
  await market.chain.stop()
  cpSync(chainFolder, copy, { recursive: true })
  let chain = await bench.startChain({ port })
  const r2 = await put(bench, files[1], chain.url)
  await chain.kill9()
  rmSync(chainFolder, { recursive: true })
  cpSync(copy, chainFolder, { recursive: true })
  chain = await bench.startChain({ port })

  const r3 = await put(bench, files[2], chain.url)
  expect(r3.data.dealId).toBe(r2.data.dealId)
  expect(await dealsOf(r3.data.rootCid)).toEqual([{ id: r3.data.dealId, state: 'active' }])
  expect(await dealsOf(r2.data.rootCid)).toEqual([])
  expect([has(1), has(2)]).toEqual([true, true])
  expect(provider.process.exitCode).toBeNull()

  // The same home: its journal says that r2 is done.
  const again = succeeded(await bench.run(['put', files[1], '--chain', chain.url, '--json']))
  const { data } = envelope<PutResult>(again)
  expect(data.agreementId).toBe(r2.data.agreementId)
  expect(await dealsOf(r2.data.rootCid)).toEqual([{ id: data.dealId, state: 'active' }])
  await until('the provider has seen that the chain was rolled back', async () =>
    (await alerts(provider.url)).every((code) => code !== 'CHAIN_BEHIND'),
  )
  await provider.stop()
  const restarted = await bench.startProvider({ chainUrl: chain.url })
  for (const agreementId of [r3.data.agreementId, data.agreementId])
    expect(await (await fetch(`${restarted.url}/v1/deals/${agreementId}`)).json()).toMatchObject({ state: 'active' })
  expect([has(1), has(2)]).toEqual([true, true])
}, 400_000)

test('a put under way while the chain is restored from an older copy makes its deal all the same', async () => {
  market = await startMarket()
  const { bench } = market
  const port = Number(new URL(market.chain.url).port)
  const chainFolder = join(bench.home, 'chain')
  const copy = join(bench.home, 'chain-copy')
  await put(bench, fileOf(bench, 'first.bin', 100_000), market.chain.url)
  await market.chain.stop()
  cpSync(chainFolder, copy, { recursive: true })
  const chain = await bench.startChain({ port })
  const putting = bench.start(putArguments(fileOf(bench, 'under-way.bin', 100_000), chain.url))
  await putting.line(/"type":"published"/)
  await chain.kill9()
  rmSync(chainFolder, { recursive: true })
  cpSync(copy, chainFolder, { recursive: true })
  await bench.startChain({ port })
  const { data } = envelope<PutResult>(succeeded(await putting.finished))
  expect(await dealsOf(data.rootCid)).toEqual([{ id: data.dealId, state: 'active' }])
}, 400_000)

/** A put, and a copy of the chain between the pre-commitment of its sector and the proof. */
async function putWithCopy(params: Readonly<Record<string, string>> = {}): Promise<Copied> {
  const bench = createWorkbench()
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--json']))
  const folder = join(bench.home, 'chain')
  const path = join(folder, 'genesis.json')
  const genesis = JSON.parse(readFileSync(path, 'utf8')) as { params: object }
  writeFileSync(path, JSON.stringify({ ...genesis, params: { ...genesis.params, ...params } }))
  const first = await bench.startChain()
  const provider = await bench.startProvider({ chainUrl: first.url })
  market = { bench, chain: first, provider, client: createChainClient({ url: first.url }) }
  const port = Number(new URL(first.url).port)
  const copy = join(bench.home, 'chain-copy')
  const putting = bench.start(putArguments(fileOf(bench, 'proven.bin', 100_000), first.url))
  await putting.line(/"precommitted"/)
  await first.stop()
  cpSync(folder, copy, { recursive: true })
  const chain = await bench.startChain({ port })
  const { data } = envelope<PutResult>(succeeded(await putting.finished))
  await until('its layers are gone', async () => !hasLayers())
  const pieces = join(bench.home, 'provider', 'pieces')
  const piece = join(pieces, readdirSync(pieces).find((name) => name.endsWith('.car'))!)
  const putBack = (from: string): void => {
    rmSync(folder, { recursive: true })
    cpSync(from, folder, { recursive: true })
  }
  return { data, chain, port, folder, copy, piece, putBack }
}

interface Copied {
  readonly data: PutResult
  readonly chain: Server
  readonly port: number
  /** The chain's. */
  readonly folder: string
  readonly copy: string
  /** The unsealed file. */
  readonly piece: string
  putBack(from: string): void
}

function hasLayers(): boolean {
  return readdirSync(sectorFolder(1)).some((name) => name.startsWith('layer-'))
}

test('a chain restored from a copy between the pre-commitment and its proof: the proof is sent again, the deal is active', async () => {
  const { data, chain, port, copy, putBack } = await putWithCopy()
  const { bench, client } = market
  const before = await client.sector(data.provider, 1)
  await chain.kill9()
  putBack(copy)
  await bench.startChain({ port })
  expect(await dealsOf(data.rootCid)).toEqual([{ id: data.dealId, state: 'committed' }])

  await until('the deal is active again', async () => (await client.deal(data.dealId)).state === 'active')
  const after = await client.sector(data.provider, 1)
  expect(after).toMatchObject({ number: 1, commR: before.commR, preCommitEpoch: before.preCommitEpoch })
  await until('its layers are gone again', async () => !hasLayers())
  await until('it is proven', async () => (await client.deal(data.dealId)).provenEpochs > 0)
  const told = await timelineOf(market.provider.url, data.agreementId)
  expect(told.filter(({ type }) => type === 'porep-accepted')).toHaveLength(2)
}, 400_000)

test('the same with its piece damaged: it is made again from the replica before the layers are', async () => {
  const { data, chain, port, copy, piece, putBack } = await putWithCopy()
  const { bench, client } = market
  const sound = readFileSync(piece)
  await chain.kill9()
  writeFileSync(
    piece,
    sound.map((byte, at) => (at === 50_000 ? byte ^ 1 : byte)),
  )
  putBack(copy)
  await bench.startChain({ port })
  await until('the deal is active again', async () => (await client.deal(data.dealId)).state === 'active')
  expect(readFileSync(piece).equals(sound)).toBe(true)
}, 400_000)

test('the same with its piece deleted while the provider is away until the window is over: nothing is lost', async () => {
  const { data, chain, port, copy, piece, putBack } = await putWithCopy({ commitExpiry: '60' })
  const { bench, client } = market
  await market.provider.stop()
  await chain.kill9()
  rmSync(piece)
  putBack(copy)
  const restored = await bench.startChain({ port })
  await until('the window is over', async () => (await client.sector(data.provider, 1)).state === 'terminated')
  await bench.startProvider({ chainUrl: restored.url })
  await until('the deal is active in another sector', async () => (await client.deal(data.dealId)).state === 'active')
  const out = join(bench.home, 'out.bin')
  succeeded(await bench.run(['get', data.rootCid, '--chain', restored.url, '--json', '-o', out]))
  expect(sameBytes(out, join(bench.home, 'proven.bin'))).toBe(true)
}, 400_000)

/** In blocks: what the right chain is ahead of the copy, which is started, noticed and stopped within them. */
const HEAD_START = 60

test('an older copy that has run on by itself, at a height below one that was seen, ends nothing', async () => {
  const { data, chain, port, folder, copy, putBack } = await putWithCopy({ commitExpiry: '60' })
  const { bench, client } = market
  const away = join(bench.home, 'away')
  cpSync(copy, join(away, 'chain'), { recursive: true })
  const alone = bench.start(['chain', 'run', '--home', away, '--port', '0', '--json'])
  const ready = await alone.line(/^\{"event":"ready".*\}$/)
  const other = createChainClient({ url: (JSON.parse(ready[0]) as { url: string }).url })
  await until('its window is over', async () => (await other.sector(data.provider, 1)).state === 'terminated')
  await alone.stop()
  const { height } = await other.status().catch(() => ({ height: other.height }))
  await until('the chain is higher', async () => (await client.status()).height > height + HEAD_START)
  const seen = (await client.status()).height
  await chain.stop()
  const right = join(bench.home, 'chain-right')
  cpSync(folder, right, { recursive: true })
  putBack(join(away, 'chain'))
  const wrong = await bench.startChain({ port })
  await until('the owner is told', async () => (await alerts(market.provider.url)).includes('CHAIN_BEHIND'))
  const told = (await client.status()).height
  await until('the provider has heard some of its blocks', async () => (await client.status()).height > told + 8)
  // At a height that was not seen its word would count.
  expect((await client.status()).height).toBeLessThan(seen)
  await wrong.stop()
  putBack(right)
  await bench.startChain({ port })
  await until('the alert is over', async () => !(await alerts(market.provider.url)).includes('CHAIN_BEHIND'))
  expect((await client.sector(data.provider, 1)).state).toBe('active')
  expect(has(1)).toBe(true)
  const { stdout, stderr } = await market.provider.stop()
  expect(`${stdout}${stderr}`).not.toMatch(/"state":"(terminated|failed)"/)
}, 400_000)

test('another chain behind the address for a while: no sector is touched, the owner is told, and the deal becomes active', async () => {
  market = await startMarket()
  const { bench, provider } = market
  const port = Number(new URL(market.chain.url).port)
  const done = await put(bench, fileOf(bench, 'before.bin', 100_000), market.chain.url)
  const putting = bench.start([
    'put',
    fileOf(bench, 'during.bin', 100_000),
    '--chain',
    market.chain.url,
    '--json',
    '--progress',
    'json',
  ])
  await putting.line(/"precommitted"/)
  await market.chain.kill9()

  const other = join(bench.home, 'other-chain')
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', other, '--json']))
  const foreign = bench.start(['chain', 'run', '--home', other, '--port', String(port), '--json'])
  await foreign.line(/"event":"ready"/)
  await until('the owner is told', async () => (await alerts(provider.url)).includes('CHAIN_FOREIGN'))
  // Twenty blocks, in which a provider that took this chain for its own would have given everything up.
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  expect([has(1), has(2)]).toEqual([true, true])
  await foreign.kill9()

  const chain = await bench.startChain({ port })
  await putting.kill9()
  const { data } = envelope<PutResult>(
    succeeded(await bench.run(['put', join(bench.home, 'during.bin'), '--chain', chain.url, '--json'])),
  )
  expect(await dealsOf(data.rootCid)).toEqual([{ id: data.dealId, state: 'active' }])
  expect(await dealsOf(done.data.rootCid)).toEqual([{ id: done.data.dealId, state: 'active' }])
  const deal = await market.client.deal(data.dealId)
  expect(deal.sector?.number).toBe(2)
  expect([has(1), has(2)]).toEqual([true, true])
  await until('the alert is over', async () => !(await alerts(provider.url)).includes('CHAIN_FOREIGN'))
}, 400_000)
