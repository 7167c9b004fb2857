import { expect, test } from '@jest/globals'
import { letGo } from './let-go.ts'

test('memory that has been used up is given back', () => {
  const bytes = new Uint8Array(10)
  letGo(bytes)
  expect([bytes.length, bytes.buffer.detached]).toEqual([0, true])
})

test.each([
  ['a part', new Uint8Array(10).subarray(1)],
  ['a pooled buffer', Buffer.from('pooled')],
  ['shared memory', new Uint8Array(new SharedArrayBuffer(10))],
])('what may be used by others is not: %s', (_, bytes) => {
  const { length } = bytes
  letGo(bytes)
  expect(bytes.length).toBe(length)
})
