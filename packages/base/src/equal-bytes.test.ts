import { expect, test } from '@jest/globals'
import { equalBytes } from './equal-bytes.ts'

test('bytes are equal when their length and every one of them is', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  expect(equalBytes(bytes, Uint8Array.of(9, 1, 2, 3).subarray(1))).toBe(true)
  expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true)
  for (const other of [[1, 2, 4], [0, 2, 3], [1, 2], [1, 2, 3, 0], []])
    expect(equalBytes(bytes, Uint8Array.from(other))).toBe(false)
})
