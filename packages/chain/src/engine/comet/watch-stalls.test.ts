import type { GranaryError } from '@granary/base'
import { expect, test } from '@jest/globals'
import { unproven } from '../clock/create-block-times.ts'
import type { EngineEvent } from '../engine.ts'
import { ConsensusStalledError } from './errors.ts'
import { createStallWatch } from './watch-stalls.ts'

function watched() {
  const at = { stalled: undefined as GranaryError | undefined, height: 7, nowMs: 0 }
  const log: EngineEvent[] = []
  const watch = createStallWatch({
    stalled: () => at.stalled,
    height: () => at.height,
    monotonicMs: () => at.nowMs,
    log: (event) => log.push(event),
  })
  return {
    at,
    log,
    look: (stalled?: GranaryError) => {
      at.stalled = stalled
      watch.look()
    },
  }
}

test('an outage is one line, however long it lasts, and its end another', () => {
  const { at, log, look } = watched()
  look()
  for (let seconds = 10; seconds < 100; seconds += 1) look(new ConsensusStalledError(7, seconds * 1_000))
  at.nowMs = 90_000
  at.height = 8
  look()
  look()
  expect(log).toEqual([
    expect.objectContaining({ type: 'stalled', code: 'CONSENSUS_STALLED', hint: expect.any(String) }),
    { type: 'stalled:over', height: 8, forMs: 90_000 },
  ])
  look(new ConsensusStalledError(8, 10_000))
  expect(log).toHaveLength(3)
})

test('another reason in the same outage is said, and its end counts from the first', () => {
  const { at, log, look } = watched()
  look(new ConsensusStalledError(7, 10_000))
  at.nowMs = 5_000
  look(unproven({ trust: 'unproven', newestRound: undefined, silentMs: 0, dispute: undefined }))
  at.nowMs = 9_000
  look()
  expect(log.map((event) => ('code' in event ? event.code : event.type))).toEqual([
    'CONSENSUS_STALLED',
    'CLOCK_UNPROVEN',
    'stalled:over',
  ])
  expect(log.at(-1)).toMatchObject({ forMs: 9_000 })
})
