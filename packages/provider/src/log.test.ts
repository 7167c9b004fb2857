import { expect, test } from '@jest/globals'
import { withTimeAndLevel } from './log.ts'

const lines: Record<string, unknown>[] = []
const log = withTimeAndLevel(
  (event) => lines.push(event),
  () => Date.UTC(2026, 0, 2),
)

test.each([
  ['sector:moved', 'info', undefined],
  ['sector:retry', 'warn', 'proofs'],
  ['chain:unreachable', 'warn', 'service'],
  ['piece:not-served', 'warn', 'data'],
  ['order:refused', 'warn', 'money'],
  ['sector:failed', 'alert', 'proofs'],
  ['post:missed', 'alert', 'proofs'],
])('%s: a line with its time, its level, and what to do about anything worse than news', (type, level, stake) => {
  log({ type, sector: 7 })
  const line = lines.at(-1)
  expect(line).toMatchObject({ time: '2026-01-02T00:00:00.000Z', level, type, sector: 7 })
  expect(line?.stake).toBe(stake)
  expect(typeof line?.hint).toBe(level === 'info' ? 'undefined' : 'string')
})

test('what an event threatens is what an alert of its code does', () => {
  log({ type: 'sealing:error', code: 'INSUFFICIENT_FUNDS', level: 'warn' })
  expect(lines.at(-1)).toMatchObject({ stake: 'money' })
})

test('the hint of an event, and its own level, are what the line says', () => {
  log({ type: 'block-corrupt', level: 'alert', hint: 'Look at the disk.' })
  expect(lines.at(-1)).toMatchObject({ level: 'alert', hint: 'Look at the disk.' })
  log({ type: 'piece:scrub-failed', level: 'alert' })
  expect(lines.at(-1)).toMatchObject({ level: 'alert', hint: expect.stringMatching(/by itself/) })
})
