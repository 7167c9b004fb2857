/**
 * The wire form: dag-cbor of tuples, unsigned integers and byte strings only, in its one canonical encoding.
 * docs/spec/chain.md section 1.
 */
import { equalBytes } from '@granary/base'
import { decode, encode } from '@ipld/dag-cbor'
import type { Wire } from './field.ts'
import type { Struct } from './struct.ts'
import { MessageInvalidError } from './types.ts'

const DEPTH_MAX = 8

export function encodeTuple(wire: Wire): Uint8Array {
  return encode(wire)
}

/**
 * @param itemsMax integers, byte strings and arrays together; without it the bytes alone bound them
 * @throws MessageInvalidError for anything but the canonical encoding of a tuple.
 */
export function decodeTuple(bytes: Uint8Array, path: string, itemsMax: number = Number.POSITIVE_INFINITY): Wire {
  checkShape(bytes, path, itemsMax)
  const wire = decodeStrictly(bytes)
  if (wire === undefined || !equalBytes(encode(wire), bytes)) {
    throw new MessageInvalidError(path, 'canonical dag-cbor', bytes)
  }
  return wire
}

export function encodeRecord<T>(of: Struct<T>, value: T): Uint8Array {
  return encodeTuple(of.toWire(value, of.name))
}

/** For bytes that encodeRecord gave, out of the state: canonical already, and its fields are checked all the same. */
export function decodeRecord<T>(of: Struct<T>, bytes: Uint8Array): T {
  return of.fromWire(decode(bytes), of.name)
}

/** undefined for what dag-cbor's own strictness refuses, such as a number in more bytes than it needs. */
function decodeStrictly(bytes: Uint8Array): Wire | undefined {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Walks the heads of all items before anything is built from them: only unsigned integers, byte strings and arrays, not
 * too deep, not too many, ending exactly at the last byte. So the decoder never recurses or allocates beyond what a message may need.
 */
function checkShape(bytes: Uint8Array, path: string, itemsMax: number): void {
  const open: number[] = []
  let items = 0
  let offset = 0
  do {
    const { major, argument, next } = readHead(bytes, offset, path)
    offset = next
    items += 1
    if (items > itemsMax) throw new MessageInvalidError(path, `at most ${itemsMax} items`, bytes)
    if (major === 2) offset += argument
    if (major === 4) open.push(argument + 1)
    if (offset > bytes.length || open.length > DEPTH_MAX || (major === 4 && argument > bytes.length)) {
      throw new MessageInvalidError(path, `a tuple not deeper than ${DEPTH_MAX} within its bytes`, bytes)
    }
    closeFull(open)
  } while (open.length > 0)
  if (offset !== bytes.length) throw new MessageInvalidError(path, 'no bytes after the tuple', bytes)
}

function closeFull(open: number[]): void {
  while (open.length > 0) {
    const left = open.pop()! - 1
    if (left > 0) {
      open.push(left)
      return
    }
  }
}

function readHead(bytes: Uint8Array, offset: number, path: string): { major: number; argument: number; next: number } {
  const first = bytes[offset]
  if (first === undefined) throw new MessageInvalidError(path, 'a whole tuple', bytes)
  const major = first >> 5
  const info = first & 0x1f
  if ((major !== 0 && major !== 2 && major !== 4) || info > 27) {
    throw new MessageInvalidError(path, 'unsigned integers, byte strings and arrays only', bytes)
  }
  if (info < 24) return { major, argument: info, next: offset + 1 }
  const width = 2 ** (info - 24)
  let argument = 0
  for (let index = 1; index <= width; index++) argument = argument * 256 + (bytes[offset + index] ?? 0)
  return { major, argument, next: offset + 1 + width }
}
