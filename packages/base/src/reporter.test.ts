import { expect, test } from '@jest/globals'
import { reporter } from './reporter.ts'

test.each([
  [
    'throws',
    () => {
      throw new Error('its own fault')
    },
  ],
  [
    'rejects, which would end the program,',
    async () => {
      throw new Error('its own fault')
    },
  ],
])('a handler that %s breaks nothing', async (_how, fail) => {
  const told: number[] = []
  const report = reporter((progress: number) => {
    told.push(progress)
    return fail()
  })
  report(1)
  report(2)
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([1, 2])
})
