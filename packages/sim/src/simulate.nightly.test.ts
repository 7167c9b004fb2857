/** What simulate.slow.test.ts and price-rises.slow.test.ts say, with other luck and a price that makes greed leave. */
import { expect, test } from '@jest/globals'
import { type SimReport, simulate } from './index.ts'

const MINUTES = 60_000

function differenceOf({ comparisons }: SimReport, name: string): bigint {
  return comparisons.find(({ strategy }) => strategy === name)!.difference
}

function leftSectorsOf({ strategies }: SimReport, name: string): number | undefined {
  return strategies.find((strategy) => strategy.name === name)!.leftSectors
}

test(
  'no dishonest strategy earns more than the honest one in thirty days, with another seed',
  async () => {
    const report = await simulate({ providers: 11, periods: 30, seed: 2 })
    expect(report.comparisons.filter(({ beatsHonest }) => beatsHonest)).toEqual([])
    // These lose clearly, not by chance.
    for (const name of ['drops', 'stops', 'skips', 'overcommits', 'self-deals']) {
      expect([name, -differenceOf(report, name) > 5n * report.resolution]).toEqual([name, true])
    }
  },
  5 * MINUTES,
)

test(
  'a declared fault is no cheaper way out of deals than to terminate them, even when that pays',
  async () => {
    const report = await simulate({ providers: 11, periods: 60, seed: 1, priceRise: 300 })
    // So much does the price have to rise.
    expect(leftSectorsOf(report, 'terminates')).toBeGreaterThan(0)
    expect(leftSectorsOf(report, 'abandons')).toBeGreaterThan(0)
    expect(differenceOf(report, 'terminates')).toBeGreaterThan(report.resolution)
    expect(differenceOf(report, 'abandons')).toBeLessThan(differenceOf(report, 'terminates') + report.resolution)
  },
  10 * MINUTES,
)
