import { systemClock } from '@granary/base'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { watchFlow } from './watch-flow.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test('a stream that gives enough in time goes on for as long as it likes', () => {
  const onStill = jest.fn()
  const flow = watchFlow(100, 1_000, onStill, systemClock)
  for (let second = 0; second < 50; second++) {
    jest.advanceTimersByTime(900)
    flow.received(100)
  }
  expect(onStill).not.toHaveBeenCalled()
  flow.stop()
  jest.advanceTimersByTime(10_000)
  expect(onStill).not.toHaveBeenCalled()
})

test('a byte now and then is not enough', () => {
  const onStill = jest.fn()
  const flow = watchFlow(100, 1_000, onStill, systemClock)
  for (let count = 0; count < 20; count++) {
    flow.received(1)
    jest.advanceTimersByTime(99)
  }
  expect(onStill).toHaveBeenCalledTimes(1)
})

test('small chunks count together, and a restart gives the whole time again', () => {
  const onStill = jest.fn()
  const flow = watchFlow(100, 1_000, onStill, systemClock)
  jest.advanceTimersByTime(900)
  flow.received(60)
  flow.received(60)
  jest.advanceTimersByTime(900)
  flow.restart()
  jest.advanceTimersByTime(999)
  expect(onStill).not.toHaveBeenCalled()
  jest.advanceTimersByTime(1)
  expect(onStill).toHaveBeenCalledTimes(1)
})
