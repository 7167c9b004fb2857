import { expect, test } from '@jest/globals'
import { isLoopbackUrl } from './is-loopback-url.ts'

test.each([
  'http://127.0.0.1:7700',
  'http://127.9.8.7/v1',
  'http://127.1',
  'http://0x7f000001:80',
  'http://localhost:7700',
  'http://LOCALHOST',
  'http://[::1]:7700',
  'http://[0:0::1]',
])('%s is this machine', (url) => {
  expect(isLoopbackUrl(url)).toBe(true)
})

test.each([
  'https://granary.example',
  'http://127.0.0.1.granary.example',
  'http://127.0.0.1@granary.example',
  'http://localhost.granary.example',
  'http://0.0.0.0:7700',
  'http://10.0.0.1',
  'http://[::2]',
  '127.0.0.1:7700',
  '',
])('%s may be another one', (url) => {
  expect(isLoopbackUrl(url)).toBe(false)
})
