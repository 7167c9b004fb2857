/**
 * kill −9 of the provider and of the chain at their worst moments. After a restart the same deal becomes active, it is paid for
 * once, and the file comes back.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { expect, test } from '@jest/globals'
import { envelope } from './harness.ts'
import { expectStoredOnce, inMarket } from './stored-once.ts'
import { fileOf, putArguments, succeeded, timelineOf } from './story.ts'

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
