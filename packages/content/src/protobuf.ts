/**
 * Protobuf (https://protobuf.dev/programming-guides/encoding/) as far as UnixFS has it: whole numbers and bytes. A library of it is
 * seven times as long in every page that stores or fetches (docs/adr/0062-what-a-put-and-a-get-load.md), and judges this one in tests.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { varint } from 'multiformats'

/** `number` is what says which field it is. */
export interface ProtobufField {
  readonly number: number
  readonly value: number | Uint8Array
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
/** Of a varint: ten bytes have the 64 bits of the largest integer. */
const SCALE_MAX = 2 ** 63

/** In the order of the bytes; those of fixed width are passed over. @throws RangeError for bytes that are no message */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  let offset = 0
  const next = (): number => {
    const { value, end } = readVarint(bytes, offset)
    offset = end
    return value
  }
  const take = (length: number): Uint8Array => {
    const taken = bytes.subarray(offset, offset + length)
    if (taken.length !== length) throw new RangeError('a field reaches beyond the end')
    offset += length
    return taken
  }
  while (offset < bytes.length) {
    const tag = next()
    const [number, wireType] = [Math.floor(tag / 8), tag % 8]
    if (wireType === VARINT) yield { number, value: next() }
    else if (wireType === BYTES) yield { number, value: take(next()) }
    else if (wireType === FIXED32) take(4)
    else if (wireType === FIXED64) take(8)
    else throw new RangeError(`wire type ${wireType}`)
  }
}

/** The numbers of a repeated field, which may stand one by one or in one run. @throws RangeError */
export function* packedNumbers(value: ProtobufField['value']): Generator<number> {
  if (typeof value === 'number') return yield value
  for (let offset = 0; offset < value.length; ) {
    const read = readVarint(value, offset)
    yield read.value
    offset = read.end
  }
}

export function encodeProtobuf(fields: readonly ProtobufField[]): Uint8Array {
  return concatBytes(
    ...fields.flatMap(({ number, value }) =>
      typeof value === 'number'
        ? [encodeVarint(number * 8 + VARINT), encodeVarint(value)]
        : [encodeVarint(number * 8 + BYTES), encodeVarint(value.length), value],
    ),
  )
}

/** Not minimal ones too: protobuf has them, though multiformats has not. */
function readVarint(bytes: Uint8Array, offset: number): { readonly value: number; readonly end: number } {
  let value = 0
  let end = offset
  for (let scale = 1; scale <= SCALE_MAX; scale *= 128) {
    const byte = bytes[end++]
    if (byte === undefined) break
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value, end }
  }
  throw new RangeError('no varint')
}

function encodeVarint(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}
