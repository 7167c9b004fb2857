import { expect, test } from '@jest/globals'
import { isReaderGone } from './reader-gone.ts'

test.each([
  ['EPIPE', false, true],
  ['EIO', true, true],
  ['EIO', false, false],
  ['ENOSPC', false, false],
])('%s of a terminal (%p): the reader has gone away is %p', (code, isTTY, gone) => {
  expect(isReaderGone({ isTTY }, Object.assign(new Error(code), { code }))).toBe(gone)
})
