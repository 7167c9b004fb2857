/**
 * Writes protobuf as CometBFT has it signed and hashed: a field after the other in the order of their numbers, and what is zero
 * or empty left out, but for messages. https://protobuf.dev/programming-guides/encoding
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'

const VARINT = 0
const FIXED_64 = 1
const LENGTH_DELIMITED = 2
const NOTHING = new Uint8Array(0)

export function varint(field: number, value: number | bigint): Uint8Array {
  return BigInt(value) === 0n ? NOTHING : concatBytes(tag(field, VARINT), base128(value))
}

export function fixed64(field: number, value: number): Uint8Array {
  if (value === 0) return NOTHING
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return concatBytes(tag(field, FIXED_64), bytes)
}

export function bytes(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? NOTHING : message(field, value)
}

export function text(field: number, value: string): Uint8Array {
  return bytes(field, utf8ToBytes(value))
}

/** Stands there even when it is empty, as those that CometBFT declares not nullable do. */
export function message(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(tag(field, LENGTH_DELIMITED), withLength(...parts))
}

/** The length in front, as where a message is signed. */
export function withLength(...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts)
  return concatBytes(base128(content.length), content)
}

function tag(field: number, type: number): Uint8Array {
  return base128((field << 3) | type)
}

function base128(value: number | bigint): Uint8Array {
  const digits: number[] = []
  let rest = BigInt(value)
  for (; rest > 0x7fn; rest >>= 7n) digits.push(Number(rest & 0x7fn) | 0x80)
  return Uint8Array.of(...digits, Number(rest))
}
