/**
 * kill −9 of each program at its worst moment. After a restart the same deal becomes active, it is paid for once, and the
 * file comes back.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { expect, test } from '@jest/globals'
import { envelope } from './harness.ts'
import {
  eachBlock,
  everythingOf,
  fileOf,
  type Market,
  type MarketOptions,
  putArguments,
  sameBytes,
  startMarket,
  succeeded,
  timelineOf,
} from './story.ts'
import { createSlowLine } from './throttle.ts'

/** Opens a market for one story and ends it with the story: they run side by side, since each waits for challenges. */
async function inMarket(options: MarketOptions, story: (market: Market) => Promise<void>): Promise<void> {
  const market = await startMarket({ quick: true, ...options })
  try {
    await story(market)
  } finally {
    await market.bench.close()
  }
}

/** How many layers the only sector has on disk, by its own manifest. */
function layersOf(sectors: string): number {
  const [sector] = existsSync(sectors) ? readdirSync(sectors) : []
  const manifest = join(sectors, sector ?? '', 'manifest.json')
  if (sector === undefined || !existsSync(manifest)) return 0
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { layers: unknown[] }).layers.length
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** What every one of these stories must end with. */
async function expectStoredOnce(market: Market, file: string, data: PutResult): Promise<void> {
  const deals = await Array.fromAsync(market.client.deals({ rootCid: data.rootCid }))
  expect(deals.map(({ id, state }) => ({ id, state }))).toEqual([{ id: data.dealId, state: 'active' }])
  const paid = await eachBlock(market, async () => {
    const deal = await market.client.deal(data.dealId)
    return BigInt(deal.paid) > 0n ? deal : undefined
  })
  expect(everythingOf(paid)).toBe(BigInt(paid.terms.pricePerEpoch) * BigInt(paid.terms.duration))
  const out = join(market.bench.home, 'back.bin')
  succeeded(await market.bench.run(['get', data.rootCid, '-o', out, '--chain', market.chain.url]))
  expect(sameBytes(out, file)).toBe(true)
}

test.concurrent('a provider killed in the middle of a layer goes on with the same sector and deal', async () => {
  // The TypeScript kernel is slow enough that a kill right after the first layer falls into the second.
  await inMarket({ kernel: 'ts' }, async (market) => {
    const { bench, chain, provider } = market
    const file = fileOf(bench, 'sealed-twice.bin', 100_000)
    const putting = bench.start(putArguments(file, chain.url))
    await putting.line(/"seal-started"/)
    const sectors = join(bench.home, 'provider', 'sectors')
    await until(() => layersOf(sectors) === 1)
    await provider.kill9()
    expect(layersOf(sectors)).toBe(1)

    const again = await bench.startProvider({ chainUrl: chain.url })
    const finished = await putting.finished
    succeeded(finished)
    const { data } = envelope<PutResult>(finished)
    const timeline = await timelineOf(again.url, data.dealId)
    expect(new Set(timeline.filter((entry) => entry.type === 'sector-planned').map((entry) => entry.sector)).size).toBe(
      1,
    )
    await expectStoredOnce(market, file, data)
  })
}, 240_000)

test.concurrent('a chain killed between blocks, again and again, loses no deal and books none twice', async () => {
  await inMarket({}, async (market) => {
    const { bench } = market
    const { port } = new URL(market.chain.url)
    const file = fileOf(bench, 'through-kills.bin', 200_000)
    const putting = bench.start(putArguments(file, market.chain.url))
    let { chain } = market
    for (const moment of [/"type":"quoted"/, /"type":"agreed"/, /"type":"published"/, /"precommitted"/]) {
      await putting.line(moment)
      await chain.kill9()
      chain = await bench.startChain({ port: Number(port) })
    }
    const finished = await putting.finished
    succeeded(finished)
    await expectStoredOnce(market, file, envelope<PutResult>(finished).data)
  })
}, 240_000)

test.concurrent('a client killed in the middle of an upload sends the rest, not the whole, and pays once', async () => {
  await inMarket({}, async (market) => {
    const { bench, chain } = market
    await market.provider.stop()
    const ports = { provider: 0 }
    const line = await createSlowLine({ port: () => ports.provider, bytesPerSecond: 2_000_000, signal: bench.signal })
    // The endpoint on the chain is fixed when a provider registers: a second provider, behind the slow line from the start.
    const home = join(bench.home, 'behind-a-slow-line')
    const provider = await bench.startProvider({
      chainUrl: chain.url,
      args: ['--home', home, '--public-url', line.url],
    })
    ports.provider = Number(new URL(provider.url).port)

    const file = fileOf(bench, 'cut.bin', 5 * 1024 * 1024)
    const args = [...putArguments(file, chain.url), '--provider', '1001']
    const putting = bench.start(args)
    await line.carried(2 * 1024 * 1024)
    await putting.kill9()
    const sentBefore = line.sent()

    const finished = await bench.run(args)
    succeeded(finished)
    const { data } = envelope<PutResult>(finished)
    // What was under way when the client died may go twice; what the provider had acknowledged may not.
    expect(line.sent() - sentBefore).toBeLessThan(data.payloadSize - 1024 * 1024)
    await expectStoredOnce(market, file, data)
  })
}, 240_000)
