import { expect, test } from '@jest/globals'
import { simulateSkipping } from './skipping.ts'

test('whoever skips what is sampled loses: every share, of sectors and of bytes, at every size, in every situation', () => {
  const { results, allLose } = simulateSkipping({ seed: 1 })
  expect(results).toHaveLength(128)
  expect(results.filter(({ loses }) => !loses)).toEqual([])
  expect(allLose).toBe(true)
}, 600_000)
