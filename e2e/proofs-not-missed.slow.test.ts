/**
 * What a provider may lose without missing a proof: the room on its disk, its Redis, its queue's folder. Real processes,
 * and a real disk of a few hundred megabytes that is full.
 */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createWorkbench } from './harness.ts'
import { type ProvenMarket, provenTimes, startProvenMarket } from './proven-market.ts'
import { redisIsHere, startRedis } from './redis.ts'
import { fillDisk, mountable, mountSmallDisk, type SmallDisk } from './small-disk.ts'
import { eachBlock, fileOf, put, putArguments, succeeded, timelineOf } from './story.ts'

const DISK_MIB = 600
/** In each of them a proof would have been missed. */
const CHALLENGES = 3
/** Each starts some ten programs and waits for a chain. */
const TIMEOUT_MS = 480_000

/** The log of a provider that has been stopped never blames the chain, and no proof was missed. */
async function expectNothingMissed({ provider, bench }: ProvenMarket): Promise<string> {
  const { stderr } = await provider.stop()
  await bench.close()
  expect(stderr).not.toMatch(/"post:missed"|"post:failed"|"chain:lost"|"chain:unreachable"/)
  return stderr
}

const fullDisk = 'a full disk costs no proof'
const onOwnDisk = mountable ? test : test.skip
onOwnDisk(
  mountable ? fullDisk : `${fullDisk}: unshare is not allowed to mount a disk here`,
  async () => {
    let disk: SmallDisk | undefined
    const market = await startProvenMarket(async (bench, chainUrl) => {
      disk = await mountSmallDisk(join(bench.home, 'disk'), DISK_MIB)
      const provider = await bench.startProvider({
        chainUrl,
        args: ['--home', join(disk.path, 'home')],
        env: { GRANARY_CACHE: join(bench.home, 'cache') },
        under: disk.under,
      })
      return { provider, providerHome: join(disk.outside, 'home') }
    })
    const { provider, providerHome, deals } = market
    const filler = join(providerHome, 'filler')
    const filling = setInterval(() => fillDisk(filler), 200)
    fillDisk(filler)
    await provider.line(/"code":"DISK_FULL"/)
    await provenTimes(market, CHALLENGES)
    clearInterval(filling)
    rmSync(filler)
    await provider.line(/"alert:over","code":"DISK_FULL"/)
    // What was proven meanwhile is written down after all.
    const { lastProven } = (await market.client.partitions(1000))[0]!
    const accepted = async (): Promise<number> =>
      (await timelineOf(provider.url, deals[0]!.dealId)).filter(({ type }) => type === 'post-accepted').length
    expect(lastProven).not.toBeNull()
    await eachBlock(market, async () => (await accepted()) >= CHALLENGES || undefined)
    await put(market.bench, fileOf(market.bench, 'after.bin', 100_000), market.chain.url)
    await expectNothingMissed(market)
    await disk?.remove()
  },
  TIMEOUT_MS,
)

const fullAtStart = 'a provider whose disk is full when it is started is told so, and goes on when there is room'
onOwnDisk(
  mountable ? fullAtStart : `${fullAtStart}: unshare is not allowed to mount a disk here`,
  async () => {
    const bench = createWorkbench()
    const disk = await mountSmallDisk(join(bench.home, 'disk'), DISK_MIB)
    try {
      succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--json']))
      const chain = await bench.startChain()
      const options = {
        chainUrl: chain.url,
        args: ['--home', join(disk.path, 'home')],
        env: { GRANARY_CACHE: join(bench.home, 'cache') },
        under: disk.under,
      }
      await (await bench.startProvider(options)).stop()
      const filler = join(disk.outside, 'filler')
      fillDisk(filler)
      await expect(bench.startProvider(options)).rejects.toThrow(/"code":"DISK_FULL".*the disk of \S+ is full/)
      rmSync(filler)
      await (await bench.startProvider(options)).stop()
    } finally {
      await bench.close()
      await disk.remove()
    }
  },
  TIMEOUT_MS,
)

test(
  'a queue whose folder is deleted while it runs costs no proof, and sealing goes on',
  async () => {
    const market = await startProvenMarket(async (bench, chainUrl) => ({
      provider: await bench.startProvider({ chainUrl }),
      providerHome: bench.home,
    }))
    const { bench, chain, providerHome } = market
    rmSync(join(providerHome, 'provider', 'queue'), { recursive: true, force: true })
    const putting = bench.start(putArguments(fileOf(bench, 'waits.bin', 100_000), chain.url))
    await provenTimes(market, CHALLENGES)
    expect((await putting.finished).code).toBe(0)
    await expectNothingMissed(market)
  },
  TIMEOUT_MS,
)

const deadRedis = 'a Redis that is dead for a minute costs no proof'
const withRedis = redisIsHere ? test : test.skip
withRedis(
  redisIsHere ? deadRedis : `${deadRedis}: no redis-server on this machine`,
  async () => {
    let redis: Awaited<ReturnType<typeof startRedis>> | undefined
    const market = await startProvenMarket(async (bench, chainUrl) => {
      redis = await startRedis(bench)
      const provider = await bench.startProvider({ chainUrl, args: ['--redis', redis.url] })
      return { provider, providerHome: bench.home }
    })
    const { bench, chain, provider } = market
    const died = once(redis!.process, 'exit')
    redis!.process.kill('SIGKILL')
    await died
    const putting = bench.start(putArguments(fileOf(bench, 'waits.bin', 100_000), chain.url))
    // A minute without it, and longer where the challenges take longer.
    await Promise.all([sleep(60_000), provenTimes(market, CHALLENGES)])
    await provider.line(/"code":"QUEUE_UNAVAILABLE".*Redis/)
    await startRedis(bench, redis!.port)
    // What was to be sealed waited for it.
    expect((await putting.finished).code).toBe(0)
    await expectNothingMissed(market)
  },
  TIMEOUT_MS,
)
