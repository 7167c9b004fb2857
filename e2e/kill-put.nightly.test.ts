/** The same as e2e/kill-put.test.ts, a hundred times, and of files whose deals are published together. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { killLargePut, killPut } from './kill-puts.ts'
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

test('ten puts of several pieces that are killed while their deals are published are paid once and complete', async () => {
  const seed = Date.now() % 2 ** 31
  const chance = createSeeded(seed)
  for (let index = 0; index < 10; index += 1) {
    const { moment, data, dealIds, isBack } = await killLargePut(market, index, chance)
    const made = data.deals.map(({ dealId }) => dealId)
    expect(made.length).toBeGreaterThan(2)
    const ascending = (ids: readonly number[]): number[] => ids.toSorted((one, other) => one - other)
    expect({ seed, moment, ids: ascending(dealIds), isBack }).toEqual({
      seed,
      moment,
      ids: ascending(made),
      isBack: true,
    })
  }
}, 1_200_000)
