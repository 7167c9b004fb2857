/** dag-cbor's own library judges what is read and written. */
import { decode, encode } from '@ipld/dag-cbor'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Wire } from './field.ts'
import { decodeTuple, encodeTuple } from './tuple-codec.ts'
import { MessageInvalidError } from './types.ts'

const edges = [23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]
const integer: fc.Arbitrary<Wire> = fc.oneof(
  fc.constantFrom(0, 1, ...edges),
  fc.maxSafeNat(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
)
const bytes: fc.Arbitrary<Wire> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(...[23, 24, 255, 256].map((length) => new Uint8Array(length).fill(7))),
)
const { tuple } = fc.letrec<{ item: Wire; tuple: Wire[] }>((tie) => ({
  item: fc.oneof({ depthSize: 'small', maxDepth: 6 }, integer, bytes, tie('tuple')),
  tuple: fc.oneof(fc.array(tie('item'), { maxLength: 6 }), fc.array(integer, { minLength: 20, maxLength: 40 })),
}))

test('a tuple is written as dag-cbor has it, and read as it has it', () => {
  fc.assert(
    fc.property(tuple, (wire) => {
      const written = encodeTuple(wire)
      expect(written).toEqual(encode(wire))
      expect(decodeTuple(written, 'it')).toEqual(decode(written))
    }),
    { numRuns: 200 },
  )
})

/** True for what dag-cbor reads as a tuple and writes as the same bytes. */
function isCanonical(given: Uint8Array): boolean {
  try {
    const value: unknown = decode(given)
    return isWire(value) && Buffer.from(encode(value)).equals(given)
  } catch {
    return false
  }
}

function isWire(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isWire)
  return (
    value instanceof Uint8Array ||
    (typeof value === 'bigint' && value >= 0n) ||
    (Number.isSafeInteger(value) && Number(value) >= 0)
  )
}

test('bytes that were changed are read exactly when dag-cbor takes them for a canonical tuple', () => {
  const changed = fc
    .tuple(
      tuple,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }),
      fc.nat(3),
    )
    .map(([wire, changes, cut]) => {
      const given = encodeTuple(wire)
      for (const [at, value] of changes) given[at % Math.min(given.length, 80)] = value
      return given.slice(0, given.length - (cut === 3 ? 1 : 0))
    })
  let taken = 0
  fc.assert(
    fc.property(changed, (given) => {
      const read = reading(given)
      if (read !== undefined) taken += 1
      if (read === undefined) expect(isCanonical(given) && depthOf(decode(given)) <= 8).toBe(false)
      else expect(read).toEqual(decode(given))
      if (read !== undefined) expect(isCanonical(given)).toBe(true)
    }),
    { numRuns: 500 },
  )
  expect(taken).toBeGreaterThan(50)
})

function depthOf(value: unknown): number {
  return Array.isArray(value) ? 1 + Math.max(0, ...value.map(depthOf)) : 0
}

function reading(given: Uint8Array): Wire | undefined {
  try {
    return decodeTuple(given, 'it')
  } catch (error) {
    if (error instanceof MessageInvalidError) return undefined
    throw error
  }
}

test.each([
  ['a number in two bytes that one holds', [0x81, 0x18, 0x17]],
  ['a number in three bytes', [0x81, 0x19, 0x00, 0xff]],
  ['a number in five bytes', [0x81, 0x1a, 0x00, 0x00, 0xff, 0xff]],
  ['a number in nine bytes', [0x81, 0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]],
  ['a length in two bytes that one holds', [0x81, 0x58, 0x01, 0x00]],
  ['an array of no known length', [0x9f, 0x01, 0xff]],
  ['a negative number', [0x81, 0x20]],
  ['a text', [0x81, 0x61, 0x61]],
  ['a map', [0x81, 0xa0]],
  ['a number that is cut off', [0x81, 0x1a, 0x01, 0x00]],
  ['nothing', []],
])('%s is refused', (_, given) => {
  expect(() => decodeTuple(Uint8Array.from(given), 'it')).toThrow(MessageInvalidError)
})

test('what is read of a part of a larger buffer is a copy of it', () => {
  const inner = encodeTuple([Uint8Array.of(1, 2, 3), 2n ** 60n])
  const outer = Uint8Array.from([9, 9, 9, ...inner])
  const read = decodeTuple(Buffer.from(outer.buffer, 3), 'it')
  outer.fill(0)
  expect(read).toEqual([Uint8Array.of(1, 2, 3), 2n ** 60n])
})

test.each([255, 256, 65_535, 65_536])('%s bytes, and as many items, are written as dag-cbor has them', (count) => {
  for (const wire of [[new Uint8Array(count).fill(7)], Array.from({ length: count }, (_, index) => index)]) {
    const written = encodeTuple(wire)
    expect(Buffer.from(written).equals(encode(wire))).toBe(true)
    expect(Buffer.from(encodeTuple(decodeTuple(written, 'it'))).equals(written)).toBe(true)
  }
})
