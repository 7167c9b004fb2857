import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { pause, sleep } from './sleep.ts'

const LONG_MS = 600_000

test('a sleep takes its time and leaves no listener behind', async () => {
  const { signal } = new AbortController()
  const beganMs = performance.now()
  await sleep(30, signal)
  // Timers count whole milliseconds.
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(28)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('an abort ends a sleep with its reason, before it and within it', async () => {
  const stopping = new AbortController()
  const reason = new Error('stopping')
  const sleeping = sleep(LONG_MS, stopping.signal)
  stopping.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
  await expect(sleep(LONG_MS, stopping.signal)).rejects.toBe(reason)
})

test('an abort ends a pause without an error', async () => {
  const stopping = new AbortController()
  const pausing = pause(LONG_MS, stopping.signal)
  stopping.abort()
  await expect(pausing).resolves.toBeUndefined()
  await expect(pause(LONG_MS, stopping.signal)).resolves.toBeUndefined()
})
