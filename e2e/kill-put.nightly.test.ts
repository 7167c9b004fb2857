/** The same as e2e/kill-put.test.ts, a hundred times, and of files whose deals are published together. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { killLargePut, killPut } from './kill-puts.ts'
import { createSeeded } from './seeded.ts'
import { type Market, startMarket } from './story.ts'

/** For each four at once, and for what they need: one that hangs is found, and a busy machine may take its time for all of them. */
const TIMEOUT_MS = 300_000

let market: Market
beforeAll(async () => {
  market = await startMarket()
}, TIMEOUT_MS)
afterAll(() => market.bench.close())

const AT_ONCE = 4
const KILLED = 100

describe(`${KILLED} puts that are killed at random are paid once and complete`, () => {
  const firsts = Array.from({ length: KILLED / AT_ONCE }, (_, index) => index * AT_ONCE)
  test.each(firsts)(
    'from %i on',
    async (first) => {
      const seed = Date.now() % 2 ** 31
      const chance = createSeeded(seed)
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => first + index)
      const killed = await Promise.all(numbers.map((number) => killPut(market, number, chance)))
      for (const { moment, data, dealIds, isBack } of killed)
        expect({ seed, moment, dealIds, isBack }).toEqual({ seed, moment, dealIds: [data.dealId], isBack: true })
    },
    TIMEOUT_MS,
  )
})

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
