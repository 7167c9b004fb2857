/** The same as e2e/kill-put.test.ts, a hundred times. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { killPut } from './kill-puts.ts'
import { createSeeded } from './seeded.ts'
import { type Market, startMarket } from './story.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
}, 60_000)
afterAll(() => market.bench.close())

test('a hundred puts that are killed at random are paid once and complete', async () => {
  const seed = Date.now() % 2 ** 31
  const chance = createSeeded(seed)
  for (let first = 0; first < 100; first += 4) {
    const killed = await Promise.all([0, 1, 2, 3].map((n) => killPut(market, first + n, chance)))
    for (const { moment, data, dealIds, isBack } of killed)
      expect({ seed, moment, dealIds, isBack }).toEqual({ seed, moment, dealIds: [data.dealId], isBack: true })
  }
}, 1_200_000)
