/** kill −9 of put at random: whatever it was doing, the same command again makes one deal, of the same root, with all bytes. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { killPut } from './kill-puts.ts'
import { createSeeded } from './seeded.ts'
import { type Market, startMarket } from './story.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
}, 60_000)
afterAll(() => market.bench.close())

test('eight puts that are killed, each at another step, are paid once and complete', async () => {
  const chance = createSeeded(12)
  const put = (index: number) => killPut(market, index, chance)
  const killed = (await Promise.all([0, 2, 4, 6].map(put))).concat(await Promise.all([1, 3, 5, 7].map(put)))
  for (const { moment, rootBefore, data, dealIds, isBack } of killed) {
    expect({ moment, dealIds, isBack }).toEqual({ moment, dealIds: [data.dealId], isBack: true })
    if (rootBefore !== undefined) expect(rootBefore).toBe(data.rootCid)
  }
}, 120_000)
