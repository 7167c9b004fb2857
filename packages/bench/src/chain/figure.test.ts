import { expect, test } from '@jest/globals'
import { figureOf } from './figure.ts'

test('a rate must be at least its bound, a time and a size at most', () => {
  const rate = { name: 'rate', unit: '/s', must: 600 } as const
  expect(figureOf(rate, [500, 700, 600])).toMatchObject({ value: 600, min: 500, max: 700, runs: 3, holds: true })
  expect(figureOf(rate, [500, 599, 700])).toMatchObject({ value: 599, holds: false })
  expect(figureOf({ name: 'time', unit: 'ms', must: 250 }, [250.04])).toMatchObject({ value: 250, holds: false })
})

test('the 99th percentile of a hundred values is the largest, of few values too', () => {
  const values = Array.from({ length: 100 }, (_, index) => index)
  expect(figureOf({ name: 'p99', unit: 'ms', must: 1 }, values, 0.99).value).toBe(99)
  expect(figureOf({ name: 'p99', unit: 'ms', must: 1 }, [1, 3, 2], 0.99).value).toBe(3)
})
