import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  address,
  bigUint,
  bool,
  bytes,
  bytes32,
  choice,
  type Field,
  list,
  optional,
  peerId,
  pieceCid,
  rootCid,
  text,
  uint,
} from './field.ts'
import { struct } from './struct.ts'
import { MessageInvalidError } from './types.ts'

const one = struct<{ a: number; b: bigint }>('One', { a: uint(8), b: bigUint(128) })
const cases: readonly (readonly [string, Field<never>, fc.Arbitrary<unknown>])[] = [
  ['uint', uint(8), fc.oneof(fc.integer({ min: -2, max: 300 }), fc.double())],
  ['bigUint', bigUint(16), fc.bigInt({ min: -2n, max: 70_000n })],
  ['bytes', bytes(1, 3), fc.uint8Array({ maxLength: 5 })],
  ['bytes32', bytes32, fc.uint8Array({ minLength: 31, maxLength: 33 })],
  ['address', address, fc.string({ unit: fc.constantFrom('a', 'F', '0', 'x') })],
  ['bool', bool, fc.oneof(fc.boolean(), fc.nat())],
  ['text', text(3), fc.string({ unit: 'binary', maxLength: 5 })],
  ['peerId', peerId, fc.string({ maxLength: 3 })],
  ['pieceCid', pieceCid, fc.string()],
  ['choice', choice('yes', 'no'), fc.constantFrom('yes', 'no', 'maybe')],
  ['optional', optional(text(3), ''), fc.option(fc.string({ maxLength: 5 }), { nil: undefined })],
  ['list', list(uint(4), { min: 1, max: 2 }), fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 3 })],
  ['struct', one, fc.record({ a: fc.integer({ min: 0, max: 300 }), b: fc.bigInt({ min: -1n, max: 2n ** 129n }) })],
] as never

test.each(cases)('%s: check refuses exactly what cannot be encoded', (_, field, values) => {
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: values }, fc.constantFrom(null, 'text', 7, 7n, [])), (value) => {
      expect(faultOf(() => field.check(value as never, 'it'))).toEqual(
        faultOf(() => field.toWire(value as never, 'it')),
      )
    }),
  )
})

test.each([
  ['root CID', rootCid, 128],
  ['piece CID', pieceCid, 64],
])('a %s that is too long is refused before it is decoded, which takes seconds', (_, field, max) => {
  expect(faultOf(() => field.fromJson(`z${'2'.repeat(60_000)}`, 'it'))).toContain(`at most ${max} bytes`)
})

function faultOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof MessageInvalidError ? error.message : 'not typed'
  }
}
