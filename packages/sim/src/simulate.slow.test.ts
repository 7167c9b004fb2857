/** The parameters of production, for months: what docs/economics.md says of each attack, on the rules as they run. */
import { expect, test } from '@jest/globals'
import { type SimReport, simulate } from './index.ts'

const MINUTES = 60_000

function differenceOf({ comparisons }: SimReport, name: string): bigint {
  return comparisons.find(({ strategy }) => strategy === name)!.difference
}

test(
  'the same seed gives the same report, to the last digit',
  async () => {
    const options = { providers: 11, periods: 3, diskSectors: 1, seed: 7 }
    expect(await simulate(options)).toEqual(await simulate(options))
  },
  2 * MINUTES,
)

test(
  'no dishonest strategy earns more than the honest one in thirty days',
  async () => {
    const report = await simulate({ providers: 11, periods: 30, seed: 1 })
    expect(report.strategies[0]!.profit).toBeGreaterThan(0n)
    expect(report.comparisons.filter(({ beatsHonest }) => beatsHonest)).toEqual([])
    expect(report.beatsHonest).toBe(false)
    // These lose clearly, not by chance.
    for (const name of ['drops', 'stops', 'skips', 'overcommits', 'self-deals']) {
      expect([name, -differenceOf(report, name) > 5n * report.resolution]).toEqual([name, true])
    }
  },
  5 * MINUTES,
)
