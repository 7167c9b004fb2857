import { expect, test } from '@jest/globals'
import { SKIP_SITUATIONS, simulateSkipping } from './skipping.ts'

test.each(SKIP_SITUATIONS)('a provider that skips what is sampled loses: %s', (situation) => {
  const cases = [
    { situation, sectors: 1, lacks: 'bytes', share: 0.01 },
    { situation, sectors: 10, lacks: 'sectors', share: 0.1 },
    { situation, sectors: 2_048, lacks: 'bytes', share: 0.5 },
  ] as const
  const { results } = simulateSkipping({ seed: 1, periods: 20, cases })
  expect(results.filter(({ loses }) => !loses)).toEqual([])
})

test('the penalty of one rotten sector of 2,048 is twice the mean, in expectation', () => {
  const given = { situation: 'equal sectors', sectors: 2_048, lacks: 'sectors', share: 1 / 2_048 } as const
  const { results } = simulateSkipping({ seed: 2, periods: 600, cases: [given] })
  const [{ lost, skippedShare, missedShare }] = results as [(typeof results)[number]]
  const income = 800_000_000_000_000_000n
  // Two challenges a period, each with 3.8 %, at 26.6 periods of income: 2.04 of them.
  expect(missedShare).toBe(0)
  expect(skippedShare).toBeGreaterThan(0.03)
  expect(skippedShare).toBeLessThan(0.047)
  expect(lost).toBeGreaterThan((income * 16n) / 10n)
  expect(lost).toBeLessThan((income * 26n) / 10n)
})

test('the same seed gives the same figures', () => {
  const cases = [{ situation: 'in debt', sectors: 10, lacks: 'bytes', share: 0.01 }] as const
  expect(simulateSkipping({ seed: 3, periods: 20, cases })).toEqual(simulateSkipping({ seed: 3, periods: 20, cases }))
})
