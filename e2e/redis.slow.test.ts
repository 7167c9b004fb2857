/** The provider's queue on a real Redis: the same story as without one, through the command line. */
import { once } from 'node:events'
import { join } from 'node:path'
import { createChainClient } from '@granary/protocol/client'
import { afterAll, expect, test } from '@jest/globals'
import { createWorkbench, envelope } from './harness.ts'
import { provenTimes, soundAfter, startProvenMarket } from './proven-market.ts'
import { type RedisServer, redisIsHere, startRedis } from './redis.ts'
import { eventsSoFar } from './stored-market.ts'
import { fileOf, put, putArguments, succeeded } from './story.ts'

/** In each of them a proof would have been missed. */
const CHALLENGES = 3
/** Epochs: a challenge and its answer. */
const AFTERMATH = 40

const bench = createWorkbench()

afterAll(() => bench.close())

const withRedis = redisIsHere ? test : test.skip
withRedis(
  `a provider whose queue is on Redis stores files in sectors of two sizes, which a worker beside it seals${redisIsHere ? '' : ': no redis-server on this machine'}`,
  async () => {
    await bench.run(['chain', 'init', '--devnet', '--home', bench.home])
    const [chain, redis] = await Promise.all([bench.startChain(), startRedis(bench, undefined, 'secret')])
    const home = ['--home', bench.home]
    succeeded(await bench.run(['provider', 'init', ...home, '--chain', chain.url, '--json']))
    const keys = ['sealing.parallel=0', `sealing.redis=${redis.url}`, 'profiles=2KiB-test']
    const changed = await bench.run(['provider', 'config', 'set', ...keys, ...home])
    expect(changed.stdout).toContain(`sealing.redis = redis://127.0.0.1:${redis.port}, with the next start`)
    const bounds = ['--parallel', '1', '--together', '2', '--memory', '512']
    const worker = bench.start(['provider', 'worker', '--queue', redis.url, ...bounds, ...home, '--json'])
    const provider = await bench.startProvider({ chainUrl: chain.url })
    await worker.line(/"worker:serving"/)
    const client = createChainClient({ url: chain.url })
    for (const [name, bytes, profile] of [
      ['large.bin', 100_000, '8MiB-dev'],
      ['small.bin', 300, '2KiB-test'],
    ] as const) {
      const { data } = await put(bench, fileOf(bench, name, bytes), chain.url)
      const deal = await client.deal(data.dealId)
      expect(deal.state).toBe('active')
      expect(await client.sector(deal.sector!.provider, deal.sector!.number)).toMatchObject({ profile })
    }
    const [provider1] = await Array.fromAsync(client.providers())
    const partitions = await client.partitions(provider1!.id)
    expect(partitions.map(({ profile }) => profile).toSorted()).toEqual(['2KiB-test', '8MiB-dev'])
    await worker.line(/"worker:job".*"kind":"seal"/)
    await worker.line(/"worker:job".*"kind":"porep"/)
    await Promise.all([worker.stop(), provider.stop()])
    for (const { stdout, stderr } of [changed, await worker.finished, await provider.finished])
      expect(stdout + stderr).not.toContain('secret')
  },
  120_000,
)

const away = 'a provider with sectors whose Redis is away at its start proves them, says so, and seals when it is back'
withRedis(
  redisIsHere ? away : `${away}: no redis-server on this machine`,
  async () => {
    let redis: RedisServer | undefined
    const market = await startProvenMarket(async (opened, chainUrl) => {
      redis = await startRedis(opened)
      const provider = await opened.startProvider({ chainUrl, args: ['--redis', redis.url] })
      return { provider, providerHome: opened.home }
    })
    const { bench: own, chain, client } = market
    try {
      await market.provider.stop()
      const died = once(redis!.process, 'exit')
      redis!.process.kill('SIGKILL')
      await died
      // Stopped and started again, it may have been too late for the challenge of that time.
      const from = (await client.status()).height + AFTERMATH
      const provider = await own.startProvider({ chainUrl: chain.url, args: ['--redis', redis!.url] })
      await provider.line(/"code":"QUEUE_UNAVAILABLE".*Redis/)
      const ready = await fetch(`${provider.url}/readyz`)
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('QUEUE_UNAVAILABLE')])
      expect((await fetch(`${provider.url}/healthz`)).status).toBe(200)
      const putting = own.start(putArguments(fileOf(own, 'waits.bin', 100_000), chain.url))
      await soundAfter(market, from)
      await provenTimes(market, CHALLENGES)
      await startRedis(own, redis!.port)
      await provider.line(/"alert:over","code":"QUEUE_UNAVAILABLE"/)
      expect((await putting.finished).code).toBe(0)
      await provider.stop()
      const missed = (await eventsSoFar(client, ['post:missed', 'fault:declared', 'fault:skipped'])).filter(
        ({ height }) => height > from,
      )
      expect(missed).toEqual([])
    } finally {
      await own.close()
    }
  },
  480_000,
)

test('a Redis that is not there is named, and the provider does not start', async () => {
  await bench.run(['chain', 'init', '--devnet', '--home', join(bench.home, 'second')])
  const chain = bench.start(['chain', 'run', '--home', join(bench.home, 'second'), '--port', '0', '--json'])
  const { url } = JSON.parse((await chain.line(/^\{"event":"ready".*\}$/))[0]) as { url: string }
  const home = join(bench.home, 'without-redis')
  const finished = await bench.run([
    ...['provider', 'run', '--home', home, '--chain', url, '--json', '--port', '0', '--libp2p-port', '0'],
    ...['--redis', 'redis://127.0.0.1:9'],
  ])
  expect(finished.code).not.toBe(0)
  expect(envelope(finished).error).toMatchObject({ code: 'QUEUE_REDIS_UNREACHABLE' })
  expect(envelope(finished).error!.message).toContain('redis://127.0.0.1:9')
}, 60_000)
