import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { hex, noise } from '../../test/support.ts'
import { createSha256Pairs } from './sha256-pairs.ts'

const sha256Pairs = createSha256Pairs()

function expected(messages: Uint8Array): string {
  let digests = ''
  for (let at = 0; at < messages.length; at += 64)
    digests += createHash('sha256')
      .update(messages.subarray(at, at + 64))
      .digest('hex')
  return digests
}

test.each([
  ['zeros', new Uint8Array(64)],
  ['ones', new Uint8Array(64 * 3).fill(0xff)],
  ['2,000 messages of noise', noise('messages', 64 * 2000)],
  ['no message', new Uint8Array()],
])('%s are hashed as OpenSSL does', (_, messages) => {
  const digests = new Uint8Array(messages.length / 2)
  sha256Pairs(messages, digests)
  expect(hex(digests)).toBe(expected(messages))
})

test('digests may be written over the messages, and anywhere within a buffer', () => {
  const buffer = noise('place', 1000)
  const messages = buffer.subarray(13, 13 + 64 * 8)
  const digests = expected(messages)
  sha256Pairs(messages, buffer.subarray(13, 13 + 32 * 8))
  expect(hex(buffer.subarray(13, 13 + 32 * 8))).toBe(digests)
  expect(hex(buffer.subarray(13 + 64 * 8))).toBe(hex(noise('place', 1000).subarray(13 + 64 * 8)))
})
