/**
 * The wire form: dag-cbor of tuples, unsigned integers and byte strings only, in its one canonical encoding.
 * docs/spec/chain.md section 1. Of dag-cbor these are three kinds of items, each a head and what it counts
 * (https://www.rfc-editor.org/rfc/rfc8949#section-3), so they are read and written here: what a page loads has no use for
 * the others, and what the chain reads is bounded before it is built. docs/adr/0055-one-question-of-a-wallet.md.
 */
import type { Wire } from './field.ts'
import type { Struct } from './struct.ts'
import { MessageInvalidError } from './types.ts'

const DEPTH_MAX = 8
/** Major types of RFC 8949. */
const UINT = 0
const BYTES = 2
const ARRAY = 4

export function encodeTuple(wire: Wire): Uint8Array {
  const bytes = new Uint8Array(sizeOf(wire))
  write(wire, bytes, 0)
  return bytes
}

/**
 * @param itemsMax integers, byte strings and arrays together; without it the bytes alone bound them
 * @throws MessageInvalidError for anything but the canonical encoding of a tuple.
 */
export function decodeTuple(bytes: Uint8Array, path: string, itemsMax: number = Number.POSITIVE_INFINITY): Wire {
  checkShape(bytes, path, itemsMax)
  return build(bytes, path)
}

export function encodeRecord<T>(of: Struct<T>, value: T): Uint8Array {
  return encodeTuple(of.toWire(value, of.name))
}

/** For bytes that encodeRecord gave, out of the state: canonical already, and its fields are checked all the same. */
export function decodeRecord<T>(of: Struct<T>, bytes: Uint8Array): T {
  return of.fromWire(build(bytes, of.name), of.name)
}

function sizeOf(wire: Wire): number {
  if (typeof wire === 'number' || typeof wire === 'bigint') return headBytes(wire)
  if (wire instanceof Uint8Array) return headBytes(wire.length) + wire.length
  return wire.reduce((sum: number, item) => sum + sizeOf(item), headBytes(wire.length))
}

/** @returns where the next item begins */
function write(wire: Wire, bytes: Uint8Array, offset: number): number {
  if (typeof wire === 'number' || typeof wire === 'bigint') return writeHead(UINT, wire, bytes, offset)
  if (wire instanceof Uint8Array) {
    const start = writeHead(BYTES, wire.length, bytes, offset)
    bytes.set(wire, start)
    return start + wire.length
  }
  let next = writeHead(ARRAY, wire.length, bytes, offset)
  for (const item of wire) next = write(item, bytes, next)
  return next
}

/** A head is one byte, and the argument behind it in as few of 1, 2, 4 or 8 bytes as hold it, unless it is below 24. */
function headBytes(argument: number | bigint): number {
  if (argument < 24) return 1
  if (argument < 2 ** 8) return 2
  if (argument < 2 ** 16) return 3
  return argument < 2 ** 32 ? 5 : 9
}

function writeHead(major: number, argument: number | bigint, bytes: Uint8Array, offset: number): number {
  const size = headBytes(argument)
  if (size === 1) {
    bytes[offset] = (major << 5) | Number(argument)
    return offset + 1
  }
  bytes[offset] = (major << 5) | (23 + Math.log2(size - 1) + 1)
  let rest = argument
  for (let index = size - 1; index > 0; index -= 1) {
    bytes[offset + index] = typeof rest === 'bigint' ? Number(rest & 0xffn) : rest % 256
    rest = typeof rest === 'bigint' ? rest >> 8n : Math.floor(rest / 256)
  }
  return offset + size
}

/** The value of bytes that hold one tuple. */
function build(bytes: Uint8Array, path: string): Wire {
  let offset = 0
  const next = (): Wire => {
    const head = readHead(bytes, offset, path)
    const start = head.next
    offset = start
    if (head.major === UINT) return Number.isSafeInteger(head.argument) ? head.argument : bigUint(bytes, start - 8)
    if (head.major === ARRAY) return Array.from({ length: head.argument }, next)
    offset += head.argument
    // A copy: what was read may be a part of a large message that is not to be kept for it.
    return new Uint8Array(bytes.subarray(start, offset))
  }
  return next()
}

function bigUint(bytes: Uint8Array, offset: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset)
}

/**
 * Walks the heads of all items before anything is built from them: only unsigned integers, byte strings and arrays, not
 * too deep, not too many, ending exactly at the last byte. So nothing recurses or allocates beyond what a message may need.
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
    if (major === BYTES) offset += argument
    if (major === ARRAY) open.push(argument + 1)
    if (offset > bytes.length || open.length > DEPTH_MAX || (major === ARRAY && argument > bytes.length)) {
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
  if ((major !== UINT && major !== BYTES && major !== ARRAY) || info > 27) {
    throw new MessageInvalidError(path, 'unsigned integers, byte strings and arrays only', bytes)
  }
  if (info < 24) return { major, argument: info, next: offset + 1 }
  const width = 2 ** (info - 24)
  const next = offset + 1 + width
  if (next > bytes.length) throw new MessageInvalidError(path, 'a whole tuple', bytes)
  let argument = 0
  for (let index = 1; index <= width; index++) argument = argument * 256 + bytes[offset + index]!
  // Beyond 2^53 this is not exact, and far above what a shorter head could hold.
  if (headBytes(argument) !== 1 + width) throw new MessageInvalidError(path, 'canonical dag-cbor', bytes)
  return { major, argument, next }
}
