/** granary tools sim: one JSON document, progress beside it. */
import { expect, test } from '@jest/globals'
import { granary } from '../../../test/granary.ts'

test('a day of a market: the JSON is the report with decimal amounts, without it there is a table', async () => {
  const day = ['tools', 'sim', '--providers', '11', '--periods', '1', '--seed', '4']
  const json = await granary([...day, '--json'])
  const { ok, data } = JSON.parse(json.stdout)
  expect({ ok, beatsHonest: data.beatsHonest, periods: data.periods, blockTimeMs: data.blockTimeMs }).toEqual({
    ok: true,
    beatsHonest: false,
    periods: 1,
    blockTimeMs: 60_000,
  })
  expect(data.strategies[0]).toMatchObject({ name: 'honest', profit: expect.stringMatching(/^-?\d+$/) })
  expect(json.stderr).toBe('period 1 of 1\n')
  const { stdout } = await granary(day)
  expect(stdout).toMatch(/^honest +honest +/m)
  expect(stdout).toContain('No dishonest strategy earns more than the honest one.')
}, 120_000)

test('when a dishonest strategy earns more, the exit code says so', async () => {
  const args = ['tools', 'sim', '--providers', '11', '--periods', '12', '--price-rise', '1000', '--json']
  const failed = await granary(args)
  const { ok, data } = JSON.parse(failed.stdout)
  const beating = data.comparisons.filter((each: { beatsHonest: boolean }) => each.beatsHonest)
  expect({ failed: failed.code, ok, beatsHonest: data.beatsHonest }).toEqual({
    failed: 1,
    ok: true,
    beatsHonest: true,
  })
  // Everything else loses at this price too: a declared fault forfeits more of what vests than it spares.
  expect(beating.map((each: { strategy: string }) => each.strategy)).toEqual(['terminates'])
}, 300_000)
