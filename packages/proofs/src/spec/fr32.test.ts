import { expect, test } from '@jest/globals'
import { fromHex, hex, noise, vectors } from '../../test/support.ts'
import { padFr32, unpadFr32 } from './fr32.ts'

const { items } = vectors<{ items: { in: string; out: string; note: string }[] }>('fr32')

test.each(items)('fr32 of $note is the published one, and back', ({ in: payload, out }) => {
  expect(hex(padFr32(fromHex(payload)))).toBe(out)
  expect(hex(unpadFr32(fromHex(out)))).toBe(payload)
})

// The rule word for word: one little-endian bit stream, 254 bits a node.
test('padding is the bit stream of the payload cut into 254 bits', () => {
  const payload = noise('bits', 127 * 3)
  const padded = padFr32(payload)
  const bit = (bytes: Uint8Array, i: number) => (bytes[Math.floor(i / 8)]! >> (i % 8)) & 1
  for (let i = 0; i < payload.length * 8; i += 1)
    expect(bit(padded, Math.floor(i / 254) * 256 + (i % 254))).toBe(bit(payload, i))
})

test.each([1, 126, 127, 128, 253, 254, 1000])('%i bytes come back zero-extended', (length) => {
  const payload = noise('round', length)
  const back = unpadFr32(padFr32(payload))
  expect(back.length).toBe(Math.ceil(length / 127) * 127)
  expect(hex(back.subarray(0, length))).toBe(hex(payload))
  expect(back.subarray(length).every((byte) => byte === 0)).toBe(true)
})

test.each([31, 63, 95, 127])('a top bit at byte %i is refused', (at) => {
  for (const bit of [0x40, 0x80]) {
    const nodes = padFr32(noise('top', 127))
    nodes[at]! |= bit
    expect(() => unpadFr32(nodes)).toThrow(expect.objectContaining({ code: 'FR32_INVALID' }))
  }
})

test('nodes that are no whole unit are refused', () => {
  expect(() => unpadFr32(new Uint8Array(96))).toThrow(expect.objectContaining({ code: 'FR32_INVALID' }))
})
