import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fromHex, isHex, toHex } from './hex.ts'

test('bytes are 0x and two lower-case digits each', () => {
  expect(toHex(Uint8Array.of(0, 10, 255))).toBe('0x000aff')
  expect(toHex(Uint8Array.of(9, 1, 2).subarray(1))).toBe('0x0102')
  expect(toHex(Buffer.of(7))).toBe('0x07')
  expect(toHex(new Uint8Array())).toBe('0x')
})

test('bytes come back from their hex as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes)
    }),
  )
})

test.each(['', '00', '0x0', '0xAB', '0X00', '0xgg', ' 0x00', '0x00\n', '0x 0', '0x0x00'])('%j is not hex', (text) => {
  expect(isHex(text)).toBe(false)
  expect(() => fromHex(text)).toThrow(TypeError)
})

test('hex is of a length when it is asked for', () => {
  expect(isHex('0x0102', 2)).toBe(true)
  expect(isHex('0x0102', 3)).toBe(false)
  for (const value of [undefined, null, 7, {}, ['0x00']]) expect(isHex(value)).toBe(false)
})
