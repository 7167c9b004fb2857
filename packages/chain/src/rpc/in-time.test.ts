import { expect, test } from '@jest/globals'
import { inTime } from './in-time.ts'

const time = { height: 100, timeMs: Date.UTC(2030, 0, 31), blockTimeMs: 60_000 }

test.each([
  [
    'it was valid until epoch 90, this is 100',
    'it was valid until 2030-01-30 23:50 UTC (epoch 90), this is 2030-01-31 00:00 UTC (epoch 100)',
  ],
  [
    'the renewal is from epoch 160, deal 5 ends at 220',
    'the renewal is from 2030-01-31 01:00 UTC (epoch 160), deal 5 ends at 2030-01-31 02:00 UTC (epoch 220)',
  ],
  ['activateWithin is 5 epochs, at least 1440', 'activateWithin is 5 min (5 epochs), at least 1440'],
  ['deal 100 of sector 1000/0: add fewer epochs', 'deal 100 of sector 1000/0: add fewer epochs'],
])('what a rule says of epochs is told with dates and durations: %s', (message, told) => {
  expect(inTime({ code: 'X', message }, time)).toEqual({ code: 'X', message: told })
  expect(inTime({ message: '', hint: message }, time)).toEqual({ message: '', hint: told })
})

test('nothing is said where nothing was said', () => {
  expect(inTime({}, time)).toEqual({})
})
