import { expect, test } from '@jest/globals'
import { allLeavingCases, simulateLeaving } from './long-deals.ts'

test('what leaving a long deal takes, by duration, standing and variant: the forfeit makes none of it cheaper', () => {
  const { results } = simulateLeaving()
  expect(results).toHaveLength(allLeavingCases().length)
  expect(results.filter(({ before, after }) => after.factor < before.factor)).toEqual([])
  // Whoever is established and does not begin anew under another number needs as much as the forfeit promises.
  const kept = results.filter(({ standing, days, variant }) => {
    return standing === 'established' && days === 180 && !variant.includes('fresh') && !variant.includes('walks')
  })
  expect(kept).toHaveLength(5)
  for (const { after } of kept) expect(after.factor).toBeGreaterThan(2.2)
}, 600_000)
