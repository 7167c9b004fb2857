import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { collectStart } from './collect-start.ts'

test('what nobody holds any more is collected, and nothing else can ask for that', async () => {
  const gone = new WeakRef({ bytes: new Uint8Array(1) })
  // A reference that was just made holds until the next turn of the event loop.
  await nextTurn()
  collectStart()
  expect(gone.deref()).toBeUndefined()
  expect('gc' in globalThis).toBe(false)
})
