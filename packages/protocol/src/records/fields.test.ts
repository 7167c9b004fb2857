import { expect, test } from '@jest/globals'
import { epochs } from '../codec/field.ts'
import { struct } from '../codec/struct.ts'
import { decodeRecord, encodeRecord } from '../codec/tuple-codec.ts'
import { maybe } from './fields.ts'

const record = struct<{ readonly at: number | undefined; readonly after: number }>('Example', {
  at: maybe(epochs),
  after: epochs,
})

test.each([
  ['there', { at: 0, after: 5 }, [0x82, 0x81, 0x00, 0x05]],
  ['missing', { at: undefined, after: 5 }, [0x82, 0x80, 0x05]],
])('a value that is %s is a list of one or none in the bytes of a record', (_, value, bytes) => {
  expect([...encodeRecord(record, value)]).toEqual(bytes)
  expect(decodeRecord(record, Uint8Array.from(bytes))).toEqual(value)
})

test('two values are not one', () => {
  expect(() => decodeRecord(record, Uint8Array.of(0x82, 0x82, 0x00, 0x01, 0x05))).toThrow('a list of 0 to 1')
})
