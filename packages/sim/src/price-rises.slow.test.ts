/** Prices that jump while deals run: when greed calculates that it pays to leave them, and what it gains. */
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
  'nobody gains by leaving deals when the price doubles',
  async () => {
    const report = await simulate({ providers: 11, periods: 60, seed: 1, priceRise: 100 })
    expect(report.comparisons.filter(({ beatsHonest }) => beatsHonest)).toEqual([])
    // They calculate that it does not pay: no sector was left.
    const left = ['terminates', 'abandons'].map((name) => leftSectorsOf(report, name))
    expect(left).toEqual([0, 0])
  },
  10 * MINUTES,
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
