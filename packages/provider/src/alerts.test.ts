import { expect, test } from '@jest/globals'
import { createAlerts } from './alerts.ts'

const diskFull = { code: 'DISK_FULL', message: '0 bytes are free', hint: 'make room' } as const

test('an alert is logged when it begins and when it is over, and listed in between', () => {
  const logged: { type: string; [field: string]: unknown }[] = []
  let nowMs = 1_000
  const alerts = createAlerts(
    (event) => logged.push(event),
    () => nowMs,
  )
  alerts.raise(diskFull)
  alerts.raise({ ...diskFull, code: 'PIECE_DAMAGED', subject: 'piece a' })
  nowMs = 3_000
  alerts.raise({ ...diskFull, message: '12 bytes are free' })
  expect(alerts.list()).toEqual([
    { ...diskFull, stake: 'service', message: '12 bytes are free', sinceMs: 1_000 },
    { ...diskFull, code: 'PIECE_DAMAGED', stake: 'data', subject: 'piece a', sinceMs: 1_000 },
  ])
  alerts.clear('PIECE_DAMAGED', 'piece b')
  alerts.clear('DISK_FULL')
  alerts.clear('DISK_FULL')
  expect(alerts.list().map(({ code }) => code)).toEqual(['PIECE_DAMAGED'])
  expect(logged).toEqual([
    { type: 'alert', level: 'alert', ...diskFull, stake: 'service' },
    { type: 'alert', level: 'alert', ...diskFull, code: 'PIECE_DAMAGED', stake: 'data', subject: 'piece a' },
    { type: 'alert:over', code: 'DISK_FULL', lastedMs: 2_000 },
  ])
})
