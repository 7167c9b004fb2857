/** The provider's queue on a real Redis: the same story as on PGlite, through the command line. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createChainClient } from '@granary/chain/client'
import { afterAll, expect, test } from '@jest/globals'
import { createWorkbench, envelope } from './harness.ts'
import { fileOf, put } from './story.ts'

const bench = createWorkbench()
const redisIsHere = spawnSync('redis-server', ['--version']).status === 0

afterAll(() => bench.close())

/** @returns its address; it ends with the bench */
async function startRedis(): Promise<string> {
  const socket = mkdtempSync(join(bench.home, 'redis-'))
  for (let port = 16_379; port < 16_479; port += 1) {
    const redis = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', socket, '--save', ''])
    bench.signal.addEventListener('abort', () => redis.kill('SIGKILL'), { once: true })
    for await (const line of createInterface({ input: redis.stdout })) {
      if (line.includes('Ready to accept connections')) return `redis://127.0.0.1:${port}`
    }
  }
  throw new Error('no free port for redis-server between 16379 and 16478')
}

const withRedis = redisIsHere ? test : test.skip
withRedis(
  `a provider whose queue is on Redis stores a file${redisIsHere ? '' : ': no redis-server on this machine'}`,
  async () => {
    await bench.run(['chain', 'init', '--devnet', '--home', bench.home])
    const chain = await bench.startChain()
    const provider = await bench.startProvider({ chainUrl: chain.url, args: ['--redis', await startRedis()] })
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
