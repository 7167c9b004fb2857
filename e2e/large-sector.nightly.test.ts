/**
 * A sector of half a GiB goes the way of a devnet's small ones: put, sealed by a provider, proven in its challenge, fetched. Minutes
 * of a core.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { largeFile } from './large.ts'
import { partitionOf } from './proven-market.ts'
import { eachBlock, type Market, put, sameBytes, startMarket, succeeded, timelineOf } from './story.ts'

/** Its piece takes a sector alone, and whole: less would be cheaper in several pieces. */
const FILE_BYTES = 518_400_000

let market: Market
beforeAll(async () => {
  market = await startMarket({ profile: '512MiB' })
}, 600_000)
afterAll(() => market?.bench.close())

test('half a GiB is put, sealed into one `512MiB` sector, proven and fetched', async () => {
  const { bench, chain, client, provider } = market
  const file = largeFile(join(bench.home, 'large.bin'), FILE_BYTES)
  const beganMs = performance.now()
  const { data } = await put(bench, file, chain.url)
  const putMs = performance.now() - beganMs
  expect(data.deals.map(({ state }) => state)).toEqual(['active'])
  const { sector } = await client.deal(data.dealId)
  const { profile, state } = await client.sector(sector!.provider, sector!.number)
  expect({ profile, state }).toEqual({ profile: '512MiB', state: 'active' })

  const proven = await eachBlock(market, async () => {
    const view = await partitionOf(client)
    return view?.lastProven === null ? undefined : view
  })
  expect(proven).toMatchObject({ profile: '512MiB', sectors: 1, sound: 1 })

  const out = join(bench.home, 'out.bin')
  succeeded(await bench.run(['get', data.rootCid, '-o', out, '--chain', chain.url]))
  expect(sameBytes(out, file)).toBe(true)

  const steps = (await timelineOf(provider.url, data.dealId)).map(({ type, epoch }) => `${type} ${epoch}`)
  console.info(`put, sealed and proven in ${Math.round(putMs / 1_000)} s: ${steps.join(', ')}`)
}, 3_600_000)
