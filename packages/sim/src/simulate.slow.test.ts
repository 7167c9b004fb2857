/** The parameters of production, for thirty days: what docs/economics.md says of each attack, on the rules as they run. */
import { expect, test } from '@jest/globals'
import { simulate } from './simulate.ts'

const MINUTES = 60_000

test(
  'the same seed gives the same report, to the last digit',
  async () => {
    const options = { providers: 11, periods: 3, diskSectors: 1, seed: 7 }
    expect(await simulate(options)).toEqual(await simulate(options))
  },
  MINUTES,
)

test.each([1, 2, 3])(
  'no dishonest strategy earns more than the honest one, seed %i',
  async (seed) => {
    const report = await simulate({ providers: 11, periods: 30, seed })
    expect(report.strategies[0]!.profit).toBeGreaterThan(0n)
    expect(report.comparisons.filter(({ beatsHonest }) => beatsHonest)).toEqual([])
    expect(report.beatsHonest).toBe(false)
    // Those that must lose clearly, not by chance.
    for (const name of ['drops', 'stops', 'skips', 'overcommits', 'self-deals']) {
      const { difference } = report.comparisons.find(({ strategy }) => strategy === name)!
      expect([name, -difference > 3n * report.resolution]).toEqual([name, true])
    }
  },
  5 * MINUTES,
)
