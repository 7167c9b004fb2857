import { expect, test } from '@jest/globals'
import { GranaryError, isAbortError } from './granary-error.ts'

const options = { code: 'DISK_FULL' as const, message: '3 of 8 MiB free', hint: 'free 5 MiB', retryable: true }

test('an error survives the trip through JSON with its code, message, hint and details', () => {
  const sent = new GranaryError({ ...options, details: { free: 3 } })
  const received = GranaryError.fromWire(JSON.parse(JSON.stringify(sent)))
  expect(received?.toJSON()).toEqual({ ...options, details: { free: 3 } })
})

test('a subclass keeps its own name and is recognised without instanceof', () => {
  class DiskFullError extends GranaryError {}
  const error = new DiskFullError(options)
  expect(error.name).toBe('DiskFullError')
  expect(GranaryError.is(error)).toBe(true)
  expect(GranaryError.is(new Error('other'))).toBe(false)
})

test('an answer that is not an error of ours is not made into one', () => {
  for (const value of [null, 'text', 7, {}, { code: 1, message: 'x' }])
    expect(GranaryError.fromWire(value)).toBeUndefined()
})

test('an abort is told apart from a failure', () => {
  const controller = new AbortController()
  controller.abort()
  expect(isAbortError(controller.signal.reason)).toBe(true)
  expect(isAbortError(new GranaryError(options))).toBe(false)
})
