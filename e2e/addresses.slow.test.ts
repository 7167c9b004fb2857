/** A provider whose address is not the plain one: behind a proxy with a path, or on IPv6. */
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { expect, test } from '@jest/globals'
import { envelope } from './harness.ts'
import { createPrefixProxy } from './prefix-proxy.ts'
import { fileOf, putArguments, sameBytes, startMarket, succeeded } from './story.ts'
import { createSlowLine } from './throttle.ts'

test('behind a proxy with a path: put, resume and get ask nothing outside of it, and routing names nothing else', async () => {
  const market = await startMarket()
  try {
    const { bench, chain } = market
    await market.provider.stop()
    const ports = { provider: 0 }
    const proxy = await createPrefixProxy({ prefix: '/p1', port: () => ports.provider, signal: bench.signal })
    const line = await createSlowLine({ port: () => proxy.port, bytesPerSecond: 2_000_000, signal: bench.signal })
    const publicUrl = `${line.url}/p1`
    const home = join(bench.home, 'behind-a-proxy')
    const provider = await bench.startProvider({
      chainUrl: chain.url,
      args: ['--home', home, '--public-url', publicUrl],
    })
    ports.provider = Number(new URL(provider.url).port)

    const file = fileOf(bench, 'cut.bin', 5 * 1024 * 1024)
    const args = [...putArguments(file, chain.url), '--provider', '1001']
    const putting = bench.start(args)
    await line.carried(2 * 1024 * 1024)
    await putting.kill9()
    const sentBefore = line.sent()
    const finished = succeeded(await bench.run(args))
    const { data } = envelope<PutResult>(finished)
    expect(line.sent() - sentBefore).toBeLessThan(data.payloadSize - 1024 * 1024)

    const out = join(bench.home, 'back.bin')
    succeeded(await bench.run(['get', data.rootCid, '-o', out, '--chain', chain.url]))
    expect(sameBytes(out, file)).toBe(true)
    expect(proxy.asked.filter((path) => !path.startsWith('/p1/'))).toEqual([])

    const routing = await fetch(`${publicUrl}/routing/v1/providers/${data.rootCid}`)
    const { Providers: records } = (await routing.json()) as { Providers: { Addrs: string[] }[] }
    const http = records.flatMap(({ Addrs }) => Addrs).filter((address) => address.includes('/http'))
    expect(http).toEqual([`/ip4/127.0.0.1/tcp/${new URL(line.url).port}/http/http-path/p1`])
  } finally {
    await market.bench.close()
  }
}, 300_000)

test('on ::1: bitswap listens there too, and info says so', async () => {
  const market = await startMarket()
  try {
    const { bench, chain } = market
    const home = join(bench.home, 'on-ipv6')
    const provider = await bench.startProvider({ chainUrl: chain.url, args: ['--home', home, '--host', '::1'] })
    const info = (await (await fetch(`${provider.url}/v1/info`)).json()) as {
      multiaddrs: string[]
      endpoints: string[]
    }
    const announced = info.multiaddrs.map((address) => address.replace(/\/p2p\/.*/, ''))
    expect(info.endpoints).toEqual([provider.url, ...announced])
    expect(new URL(provider.url).hostname).toBe('[::1]')
    expect(info.multiaddrs).not.toEqual([])
    for (const address of info.multiaddrs) expect(address).toMatch(/^\/ip6\/::1\/tcp\//)
  } finally {
    await market.bench.close()
  }
}, 120_000)
