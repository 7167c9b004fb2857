import { describe, expect, test } from '@jest/globals'
import { type Duration, days, hours, minutes } from './duration.ts'
import { epochAt, epochsOf } from './epochs-of.ts'

const blockTimeMs = 30_000

test.each<[Duration, number]>([
  [days(180), 518_400],
  [hours(1), 120],
  [minutes(1), 2],
  [minutes(1 / 3), 1],
  [{ ms: 1 }, 1],
  [{ ms: 30_000 }, 1],
  [{ ms: 30_001 }, 2],
])('%j are %i epochs of half a minute, rounded up: nobody gets less', (duration, epochs) => {
  expect(epochsOf(duration, 'duration', { blockTimeMs })).toBe(epochs)
})

describe('what a caller without types may give', () => {
  test.each<[unknown]>([
    [7_200],
    [{ ms: 0 }],
    [{ ms: -1 }],
    [{ ms: Number.NaN }],
    [{ ms: Infinity }],
    [{}],
    ['1h'],
    [null],
  ])('%j is no duration', (given) => {
    const convert = () => epochsOf(given as Duration, 'duration', { blockTimeMs })
    expect(convert).toThrow(expect.objectContaining({ code: 'TIME_INVALID', message: 'duration is no duration' }))
  })
  test.each<[unknown]>([[1_000], ['2030-01-01'], [new Date('soon')], [null]])('%j is no date', (given) => {
    const convert = () => epochAt(given as Date, 'until', { height: 1, timeMs: 0, blockTimeMs })
    expect(convert).toThrow(expect.objectContaining({ code: 'TIME_INVALID', message: 'until is no date' }))
  })
})

test('a date is the first epoch that is not before it', () => {
  const time = { height: 100, timeMs: 1_000_000, blockTimeMs }
  expect([0, 1, 30_000, 30_001].map((ms) => epochAt(new Date(1_000_000 + ms), 'until', time))).toEqual([
    100, 101, 101, 102,
  ])
})
