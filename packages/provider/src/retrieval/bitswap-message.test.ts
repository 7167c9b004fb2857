import { encodeProtobuf, type ProtobufField, protobufFields } from '@granary/content'
import { expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { encodeAnswer, parseWantList } from './bitswap-message.ts'

const here = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
const old = CID.parse('QmYhmPjhFjYFyaoiuNzYv8WGavpSRDwdHWe5B4M5du5Rtk')

const long = CID.createV1(0x55, createDigest(0, new Uint8Array(200)))

const field = (number: number, value: ProtobufField['value']): ProtobufField => ({ number, value })
const message = (...fields: ProtobufField[]): Uint8Array => encodeProtobuf(fields)
const bytesAt = (bytes: Uint8Array, number: number): Uint8Array[] =>
  [...protobufFields(bytes)].filter((each) => each.number === number).map(({ value }) => value as Uint8Array)

test('a list of wants is read as the specification has it', () => {
  const entries = [
    [field(1, here.bytes), field(2, 7)],
    [field(1, old.bytes), field(4, 1), field(5, 1)],
    [field(1, old.bytes), field(3, 1)],
  ].map((fields) => field(1, message(...fields)))
  const list = message(field(1, message(...entries, field(2, 1))), field(5, 12))
  expect(parseWantList(list)).toEqual({
    isFull: true,
    wants: [
      { cid: here.toString(), isBlock: true, isToldOfMissing: false },
      { cid: old.toString(), isBlock: false, isToldOfMissing: true },
    ],
    cancelled: [old.toString()],
  })
  expect(parseWantList(new Uint8Array())).toEqual({ isFull: false, wants: [], cancelled: [] })
})

test.each([
  ['no message', Uint8Array.of(0xff)],
  ['an entry without a CID', message(field(1, message(field(1, message(field(2, 1))))))],
  ['a CID that is longer than one that is taken', message(field(1, message(field(1, message(field(1, long.bytes))))))],
  ['a CID that is none', message(field(1, message(field(1, message(field(1, Uint8Array.of(1, 2, 3)))))))],
])('%s is refused', (_, bytes) => {
  expect(() => parseWantList(bytes)).toThrow()
})

test('an answer has its length before it, blocks with what names them, and who is here', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(300)).fill(9)
  const encoded = encodeAnswer({
    blocks: [{ cid: old, bytes }],
    presences: [
      { cid: here, isHere: true },
      { cid: old, isHere: false },
    ],
  })
  const length = (encoded[0]! & 127) + (encoded[1]! << 7)
  expect(length).toBe(encoded.length - 2)
  const answer = encoded.subarray(2)
  const [block] = bytesAt(answer, 3)
  expect(bytesAt(block!, 1)).toEqual([Uint8Array.of(0, 0x70, 0x12, 0x20)])
  expect(Buffer.from(bytesAt(block!, 2)[0]!)).toEqual(Buffer.alloc(300, 9))
  const presences = bytesAt(answer, 4).map((each) => [...protobufFields(each)])
  expect(presences).toEqual([
    [field(1, here.bytes), field(2, 0)],
    [field(1, old.bytes), field(2, 1)],
  ])
  expect(encodeAnswer({ blocks: [], presences: [] })).toHaveLength(0)
})
