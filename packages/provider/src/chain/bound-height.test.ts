import { expect, test } from '@jest/globals'
import { createHeightBound } from './bound-height.ts'
import type { SignedState } from './signed-state.ts'

/** An hour a block: none is made while this runs. */
function signedAt(height: number): SignedState {
  const state = { header: { height } } as Awaited<ReturnType<SignedState['newest']>>
  return { url: '', newest: async () => state, blockTimeMs: async () => 3_600_000 }
}

test('the chain is not above the signed header by more than a hundred blocks and what its time allows', async () => {
  const bound = createHeightBound()
  expect(bound.max()).toBe(Number.POSITIVE_INFINITY)
  await bound.start(signedAt(1_000), 990)
  bound.stop()
  expect(bound.max()).toBe(1_100)
})

test('what this home has followed stays possible: a chain may have been restored from an older copy', async () => {
  const bound = createHeightBound()
  await bound.start(signedAt(1_000), 5_000)
  bound.stop()
  expect(bound.max()).toBe(5_100)
})

test('without a signed header there is no bound', async () => {
  const bound = createHeightBound()
  const none = { ...signedAt(1), newest: () => Promise.reject(new Error('HEAD_TOO_OLD')) }
  await bound.start(none, 10)
  bound.stop()
  expect(bound.max()).toBe(Number.POSITIVE_INFINITY)
})
