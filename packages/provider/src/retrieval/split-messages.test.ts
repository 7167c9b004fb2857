import { expect, test } from '@jest/globals'
import { splitMessages } from './split-messages.ts'

const withLength = (bytes: Buffer): Buffer => {
  const length: number[] = []
  for (let left = bytes.length; ; left >>= 7) {
    length.push(left < 128 ? left : (left & 127) | 128)
    if (left < 128) return Buffer.concat([Buffer.from(length), bytes])
  }
}

async function split(stream: Buffer, partBytes: number): Promise<Buffer[]> {
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < stream.length; at += partBytes) yield stream.subarray(at, at + partBytes)
  }
  const messages: Buffer[] = []
  for await (const message of splitMessages(parts())) messages.push(Buffer.from(message))
  return messages
}

test.each([1, 3, 1_000, 1_000_000])('messages are what they were, in parts of %d bytes', async (partBytes) => {
  const messages = [0, 1, 127, 128, 20_000, 5].map((bytes, at) => Buffer.alloc(bytes, at + 1))
  expect(await split(Buffer.concat(messages.map(withLength)), partBytes)).toEqual(messages)
})

test('the largest is taken, and a larger one refused before its bytes are there', async () => {
  const largest = Buffer.alloc(512 * 1024, 7)
  expect(await split(withLength(largest), 65_536)).toEqual([largest])
  const head = withLength(Buffer.alloc(512 * 1024 + 1)).subarray(0, 4)
  await expect(split(head, 4)).rejects.toThrow(RangeError)
  await expect(split(Buffer.alloc(10, 0xff), 1)).rejects.toThrow(RangeError)
})

test('memory is kept for a message while it is not whole, and little more than it has', async () => {
  const kept: number[] = []
  async function* parts(): AsyncGenerator<Uint8Array> {
    const message = withLength(Buffer.alloc(512 * 1024, 7))
    for (let at = 0; at < message.length; at += 1_000) yield message.subarray(at, at + 1_000)
    yield withLength(Buffer.alloc(10)).subarray(0, 5)
  }
  await Array.fromAsync(splitMessages(parts(), (bytes) => kept.push(bytes)))
  expect(Math.max(...kept)).toBe(512 * 1024 + 3)
  expect(kept.slice(-2)).toEqual([0, 4 * 1024])
})

test('a message that is cut off is none', async () => {
  expect(await split(withLength(Buffer.alloc(300, 1)).subarray(0, 200), 50)).toEqual([])
})
