import { expect, test } from '@jest/globals'
import { storageBytes } from './options.ts'

test.each([
  ['1800', 1800 * 1024 ** 3],
  ['20GiB', 20 * 1024 ** 3],
  ['20 gib', 20 * 1024 ** 3],
  ['1.5TiB', 1.5 * 1024 ** 4],
  ['2TB', 2e12],
  ['2T', 2e12],
  ['500G', 500e9],
  ['1Ti', 1024 ** 4],
  ['2048MiB', 2 * 1024 ** 3],
  ['8PiB', 8 * 1024 ** 5],
])('the size %s is %d bytes', (text, bytes) => {
  expect(storageBytes(text)).toBe(bytes)
})

test.each(['', '0', '-1', '20 GiB more', 'GiB', '1.5.2TiB', '20KiB', '20XiB', '9PiB', '512MiB', '1e3GiB'])(
  'the size %j is refused, and what is taken is said',
  (text) => {
    expect(() => storageBytes(text)).toThrow('such as 20GiB, 1.5TiB or 2TB')
  },
)
