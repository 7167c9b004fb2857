/** dag-cbor's own library judges what is read and written. */
import { decode, encode } from '@ipld/dag-cbor'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { decodeCarHeader, encodeCarHeader } from './car-header.ts'

const link = (code: number, digest: Uint8Array) => CID.createV1(code, create(0x12, digest))
const cid: fc.Arbitrary<CID> = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((digest) => CID.createV0(create(0x12, digest))),
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((digest) => CID.createV1(0x55, create(0, digest))),
  fc.uint8Array({ minLength: 64, maxLength: 64 }).map((digest) => link(0x71, digest)),
)

test('a header is written as dag-cbor has it, and read again', () => {
  fc.assert(
    fc.property(fc.array(cid, { maxLength: 30 }), (roots) => {
      const bytes = encodeCarHeader(roots)
      expect(bytes).toEqual(encode({ version: 1, roots }))
      expect(decodeCarHeader(bytes)).toEqual({ version: 1, roots })
    }),
    { numRuns: 100 },
  )
  const many = Array.from({ length: 300 }, (_, index) => link(0x55, new Uint8Array(32).fill(index)))
  expect(encodeCarHeader(many)).toEqual(encode({ version: 1, roots: many }))
  expect(decodeCarHeader(encode({ version: 2 }))).toEqual({ version: 2 })
})

test('what dag-cbor does not read as this one map, written as it writes it, is no header', () => {
  const changed = fc
    .tuple(fc.array(cid, { maxLength: 3 }), fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([roots, at, value]) => {
      const bytes = encodeCarHeader(roots)
      return bytes.with(at % bytes.length, value)
    })
  fc.assert(
    fc.property(changed, (bytes) => {
      const read = decodeCarHeader(bytes)
      if (read?.version === 1) expect(encode(decode(bytes))).toEqual(bytes)
      expect(read?.version === 1 ? encode(read) : bytes).toEqual(bytes)
    }),
    { numRuns: 500 },
  )
})

const root = link(0x70, new Uint8Array(32).fill(1))
test.each([
  ['nothing', new Uint8Array(0)],
  ['a third version', encode({ version: 3, roots: [root] })],
  ['the second version with roots', encode({ version: 2, roots: [root] })],
  ['the first without roots', encode({ version: 1 })],
  ['one more field', encode({ version: 1, roots: [root], more: 1 })],
  ['a root that is no link', encode({ version: 1, roots: ['root'] })],
  ['roots that are no list', encode({ version: 1, roots: root })],
  ['a list', encode([1, [root]])],
  ['bytes behind it', Uint8Array.of(...encodeCarHeader([root]), 0)],
  ['one byte less', encodeCarHeader([root]).slice(0, -1)],
  ['more roots than there are', encodeCarHeader([root]).with(7, 0x99)],
])('%s is refused', (_, bytes) => {
  expect(decodeCarHeader(bytes)).toBeUndefined()
})
