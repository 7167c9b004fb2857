import { expect, test } from '@jest/globals'
import { retry } from './retry.ts'

const passing = new Error('passing')
const quick = { minMs: 1, factor: 2, isPassing: (error: unknown) => error === passing }

function failing(...errors: readonly Error[]) {
  let calls = 0
  return {
    calls: () => calls,
    run: () => {
      const error = errors[calls++]
      return error === undefined ? Promise.resolve('done') : Promise.reject(error)
    },
  }
}

test('what passes is tried again, as often as is said, and the last error is told', async () => {
  expect(await retry(failing(passing, passing).run, { ...quick, retries: 2, maxMs: 2, spread: true })).toBe('done')
  const often = failing(passing, passing, passing)
  await expect(retry(often.run, { ...quick, retries: 1 })).rejects.toBe(passing)
  expect(often.calls()).toBe(2)
})

test('what does not pass is not tried again', async () => {
  const lasting = new Error('lasting')
  const once = failing(lasting)
  await expect(retry(once.run, { ...quick, retries: 4 })).rejects.toBe(lasting)
  expect(once.calls()).toBe(1)
})

test('an abort ends the pause with its reason, and begins nothing', async () => {
  const stop = new AbortController()
  const waiting = retry(failing(passing).run, { ...quick, minMs: 60_000, retries: 4, signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  const never = failing()
  await expect(retry(never.run, { ...quick, retries: 4, signal: stop.signal })).rejects.toThrow('enough')
  expect(never.calls()).toBe(0)
})
