import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { pause, sleep, unlessAborted } from './sleep.ts'

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

test('what is answered comes through, or its error; an abort comes before an answer that never comes', async () => {
  const stopping = new AbortController()
  const { signal } = stopping
  expect(await unlessAborted(5, signal)).toBe(5)
  expect(await unlessAborted(Promise.resolve(6))).toBe(6)
  const refused = new Error('no')
  await expect(unlessAborted(Promise.reject(refused), signal)).rejects.toBe(refused)
  expect(getEventListeners(signal, 'abort')).toEqual([])

  const reason = new Error('stopping')
  const answer = Promise.withResolvers<void>()
  const waiting = unlessAborted(answer.promise, signal)
  stopping.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(unlessAborted(answer.promise, signal)).rejects.toBe(reason)
  // A rejection that nobody handles fails the test.
  answer.reject(refused)
  await new Promise((resolve) => setImmediate(resolve))
})
