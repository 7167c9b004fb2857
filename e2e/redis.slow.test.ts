/** The provider's queue on a real Redis: the same story as on PGlite, through the command line. */
import { join } from 'node:path'
import { createChainClient } from '@granary/chain/client'
import { afterAll, expect, test } from '@jest/globals'
import { createWorkbench, envelope } from './harness.ts'
import { redisIsHere, startRedis } from './redis.ts'
import { fileOf, put } from './story.ts'

const bench = createWorkbench()

afterAll(() => bench.close())

const withRedis = redisIsHere ? test : test.skip
withRedis(
  `a provider whose queue is on Redis stores a file${redisIsHere ? '' : ': no redis-server on this machine'}`,
  async () => {
    await bench.run(['chain', 'init', '--devnet', '--home', bench.home])
    const chain = await bench.startChain()
    const provider = await bench.startProvider({
      chainUrl: chain.url,
      args: ['--redis', (await startRedis(bench)).url],
    })
    const { data } = await put(bench, fileOf(bench, 'redis.bin', 100_000), chain.url)
    const deal = await createChainClient({ url: chain.url }).deal(data.dealId)
    expect(deal.state).toBe('active')
    await provider.stop()
  },
  120_000,
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
