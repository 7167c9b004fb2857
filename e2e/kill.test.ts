/** kill −9 of the client at its worst moment: the same command again makes the same deal active, and pays for it once. */
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { expect, test } from '@jest/globals'
import { envelope } from './harness.ts'
import { expectStoredOnce, inMarket } from './stored-once.ts'
import { fileOf, putArguments, succeeded } from './story.ts'
import { createSlowLine } from './throttle.ts'

test('a client killed in the middle of an upload sends the rest, not the whole, and pays once', async () => {
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
