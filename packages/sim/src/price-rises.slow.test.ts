/** Prices that jump while deals run: when greed calculates that it pays to leave them, and what it gains. */
import { expect, test } from '@jest/globals'
import { type SimReport, simulate } from './index.ts'

const MINUTES = 60_000

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
