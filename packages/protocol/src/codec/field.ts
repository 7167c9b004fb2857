/**
 * The parts that messages and state records are declared from. A field knows its five forms: TypeScript value, element
 * of a dag-cbor tuple, JSON, 32 bytes of EIP-712, and what a wallet is given to make these of. docs/spec/chain.md section 1: integers and byte strings only, text
 * as UTF-8 bytes, amounts as minimal big-endian bytes, an absent field as the empty byte string.
 */
import { equalBytes, fromHex, type Hex, isHex, toHex } from '@granary/base'
import { pieceCidFromBytes, pieceCidToBytes } from '@granary/proofs/verify'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { CID } from 'multiformats/cid'
import { type Address, MessageInvalidError } from './types.ts'

export type Wire = number | bigint | Uint8Array | readonly Wire[]

/** A value in the JSON of EIP-712 typed data, in which nothing is absent. */
export type TypedValue = string | number | boolean | readonly TypedValue[] | { readonly [member: string]: TypedValue }

export interface StructType {
  readonly name: string
  readonly members: readonly (readonly [name: string, type: string, form: string])[]
}

/** A JSON Schema of draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Field<T, J = unknown> {
  /** EIP-712 type. */
  readonly type: string
  /** What stands on the wire, in words: docs/spec/records.md is made of them. */
  readonly form: string
  /** What stands in JSON. */
  readonly schema: JsonSchema
  readonly mayBeAbsent?: true
  /** EIP-712 structs that `type` refers to, itself included when it is one. */
  readonly structs: readonly StructType[]
  /** Each throws MessageInvalidError that names `path` when the value does not have the declared form. */
  check(value: T, path: string): void
  toWire(value: T, path: string): Wire
  fromWire(wire: Wire, path: string): T
  toJson(value: T, path: string): J
  fromJson(json: unknown, path: string): T
  /** encodeData of EIP-712. */
  toWord(value: T, path: string): Uint8Array
  /** What a wallet reads, for which encodeData gives the same 32 bytes. */
  toTyped(value: T, path: string): TypedValue
}

interface Scalar<T, W, J> {
  readonly type: string
  readonly form: string
  readonly schema: JsonSchema
  check(value: unknown, path: string): T
  toWire(value: T): W & Wire
  fromWire(wire: Wire, path: string): unknown
  toJson(value: T): J
  fromJson(json: unknown, path: string): unknown
  toWord(value: T): Uint8Array
}

/** A field of one value: checked on the way in and on the way out. */
function scalar<T, W, J extends TypedValue>(of: Scalar<T, W, J>): Field<T, J> {
  return {
    type: of.type,
    form: of.form,
    schema: of.schema,
    structs: [],
    check: of.check,
    toWire: (value, path) => of.toWire(of.check(value, path)),
    fromWire: (wire, path) => of.check(of.fromWire(wire, path), path),
    toJson: (value, path) => of.toJson(of.check(value, path)),
    fromJson: (json, path) => of.check(of.fromJson(json, path), path),
    toWord: (value, path) => of.toWord(of.check(value, path)),
    toTyped: (value, path) => of.toJson(of.check(value, path)),
  }
}

const utf8 = new TextEncoder()
const identity = (wire: Wire): unknown => wire
const digits: JsonSchema = { type: 'string', pattern: '^(0|[1-9][0-9]*)$' }

export function uint(bits: number): Field<number, number> {
  const max = Math.min(2 ** bits - 1, Number.MAX_SAFE_INTEGER)
  return scalar<number, number, number>({
    type: `uint${solidityBits(bits)}`,
    form: `integer below 2^${Math.min(bits, 53)}`,
    schema: { type: 'integer', minimum: 0, maximum: max },
    check: (value, path) => checkUint(value, max, path),
    toWire: (value) => value,
    fromWire: identity,
    toJson: (value) => value,
    fromJson: (json) => json,
    toWord: (value) => word(BigInt(value)),
  })
}

/** An epoch or a number of epochs: a decimal string in JSON. */
export const epochs: Field<number, string> = scalar<number, number, string>({
  type: 'uint64',
  form: 'integer below 2^53',
  schema: digits,
  check: (value, path) => checkUint(value, Number.MAX_SAFE_INTEGER, path),
  toWire: (value) => value,
  fromWire: identity,
  toJson: String,
  fromJson: (json, path) => Number(decimal(json, path)),
  toWord: (value) => word(BigInt(value)),
})

/** Amounts and nonces: minimal big-endian bytes on the wire, decimal strings in JSON. */
export function bigUint(bits: number): Field<bigint, string> {
  const max = 2n ** BigInt(bits) - 1n
  return scalar<bigint, Uint8Array, string>({
    type: `uint${bits}`,
    form: `minimal bytes of an integer below 2^${bits}`,
    schema: digits,
    check: (value, path) => {
      if (typeof value !== 'bigint' || value < 0n || value > max) {
        throw new MessageInvalidError(path, `an integer of ${bits} bits`, value)
      }
      return value
    },
    toWire: minimalBytes,
    fromWire: (wire, path) => fromMinimalBytes(wire, path),
    toJson: String,
    fromJson: (json, path) => BigInt(decimal(json, path)),
    toWord: word,
  })
}

export function bytes(min: number, max: number): Field<Uint8Array, string> {
  return scalar<Uint8Array, Uint8Array, string>({
    type: 'bytes',
    form: min === max ? `${min} bytes` : `${min} to ${max} bytes`,
    schema: hexOf(min, max),
    check: (value, path) => {
      if (!(value instanceof Uint8Array) || value.length < min || value.length > max) {
        throw new MessageInvalidError(path, min === max ? `${min} bytes` : `${min} to ${max} bytes`, value)
      }
      return value
    },
    toWire: (value) => value,
    fromWire: identity,
    toJson: (value) => toHex(value),
    fromJson: hexFromJson,
    toWord: (value) => keccak_256(value),
  })
}

export const bytes32: Field<Uint8Array, string> = { ...bytes(32, 32), type: 'bytes32', toWord: checkedWord }

/** Bytes of one length whose TypeScript form is hex, because it is compared, printed and used as a key. */
export function hexBytes(length: number, type = 'bytes'): Field<Hex, string> {
  const toWord = type === 'bytes' ? (value: Hex) => keccak_256(fromHex(value)) : (value: Hex) => word(BigInt(value))
  return scalar<Hex, Uint8Array, string>({
    type,
    form: `${length} bytes`,
    schema: hexOf(length, length),
    check: (value, path) => {
      if (!isHex(value, length))
        throw new MessageInvalidError(path, `0x and ${2 * length} lower-case hex digits`, value)
      return value
    },
    toWire: (value) => fromHex(value),
    fromWire: (wire) => (wire instanceof Uint8Array ? toHex(wire) : wire),
    toJson: (value) => value,
    fromJson: (json) => json,
    toWord,
  })
}

export const address: Field<Address, string> = hexBytes(20, 'address')

export const bool: Field<boolean, boolean> = scalar<boolean, number, boolean>({
  type: 'bool',
  form: '0 or 1',
  schema: { type: 'boolean' },
  check: (value, path) => {
    if (typeof value !== 'boolean') throw new MessageInvalidError(path, 'true or false', value)
    return value
  },
  toWire: Number,
  fromWire: (wire) => (wire === 0 || wire === 1 ? wire === 1 : wire),
  toJson: (value) => value,
  fromJson: (json) => json,
  toWord: (value) => word(BigInt(value)),
})

/** @param max: bytes of UTF-8 */
export function text(max: number): Field<string, string> {
  return textual({
    form: 'text',
    max,
    check: (value, path) => {
      // A lone surrogate has no UTF-8 form: it would come back as another text.
      if (!value.isWellFormed()) throw new MessageInvalidError(path, 'well-formed text', value)
    },
    toBytes: (value) => utf8.encode(value),
    fromBytes: decodeUtf8,
  })
}

/** Text in base58 or base32, as libp2p prints it; empty for a provider without libp2p. */
export const peerId: Field<string, string> = textual({
  form: 'base58 or base32',
  max: 128,
  check: (value, path) => {
    if (!/^[A-Za-z0-9]*$/.test(value)) throw new MessageInvalidError(path, 'a peer id', value)
  },
  toBytes: (value) => utf8.encode(value),
  fromBytes: decodeUtf8,
})

/** Piece CID v2: CID bytes on the wire, its base32 text in EIP-712 and JSON. */
export const pieceCid: Field<string, string> = textual({
  form: 'piece CID v2',
  max: 64,
  check: () => undefined,
  toBytes: (value, path) => reported(path, 'a piece CID v2', value, () => pieceCidToBytes(value)),
  fromBytes: (value, path) => reported(path, 'a piece CID v2', value, () => pieceCidFromBytes(value)),
})

/** The CID of a DAG's root: CID bytes on the wire, its canonical text in EIP-712 and JSON. */
export const rootCid: Field<string, string> = textual({
  form: 'CID',
  max: 128,
  check: (value, path) => {
    const canonical = reported(path, 'a CID', value, () => CID.parse(value).toString())
    if (canonical !== value) throw new MessageInvalidError(path, `the CID in its canonical form ${canonical}`, value)
  },
  toBytes: (value, path) => reported(path, 'a CID', value, () => CID.parse(value).bytes),
  fromBytes: (value, path) => reported(path, 'a CID', value, () => CID.decode(value).toString()),
})

interface Textual {
  readonly form: string
  readonly max: number
  check(value: string, path: string): void
  toBytes(value: string, path: string): Uint8Array
  fromBytes(value: Uint8Array, path: string): string
}

/** A string that is text in EIP-712 and JSON, and bytes, at most `max` of them, on the wire. */
function textual(of: Textual): Field<string, string> {
  function toBytes(value: unknown, path: string): Uint8Array {
    if (typeof value !== 'string') throw new MessageInvalidError(path, 'text', value)
    const requireShort = (bytes: number): void => {
      if (bytes > of.max) throw new MessageInvalidError(path, `at most ${of.max} bytes`, value)
    }
    // The text of a CID has fewer than two characters a byte; to decode a long one takes seconds.
    requireShort(value.length / 2)
    of.check(value, path)
    const encoded = of.toBytes(value, path)
    requireShort(encoded.length)
    return encoded
  }
  function checked(value: unknown, path: string): string {
    toBytes(value, path)
    return String(value)
  }
  return {
    type: 'string',
    form: `${of.form}, at most ${of.max} bytes`,
    schema: { type: 'string', description: `${of.form}, at most ${of.max} bytes` },
    structs: [],
    check: toBytes,
    toWire: toBytes,
    fromWire: (wire, path) => {
      if (!(wire instanceof Uint8Array)) throw new MessageInvalidError(path, 'text as bytes', wire)
      if (wire.length > of.max) throw new MessageInvalidError(path, `at most ${of.max} bytes`, wire)
      const value = of.fromBytes(wire, path)
      // A CID may be read from more than one row of bytes; only one of them is its encoding.
      if (!equalBytes(toBytes(value, path), wire)) throw new MessageInvalidError(path, 'its canonical bytes', wire)
      return value
    },
    toJson: checked,
    fromJson: checked,
    toWord: (value, path) => keccak_256(utf8.encode(checked(value, path))),
    toTyped: checked,
  }
}

/**
 * A field that may be absent: the empty byte string on the wire, left out of JSON. EIP-712 has no such thing, so there it
 * has the value `absent`, which may then not be given explicitly: one digest must never stand for two messages.
 */
export function optional<T extends string | number | boolean, J>(
  inner: Field<T, J>,
  absent: T,
): Field<T | undefined, J | undefined> {
  function present(value: T | undefined, path: string): T | undefined {
    if (value === absent) throw new MessageInvalidError(path, 'to be left out rather than empty', value)
    return value
  }
  const absentWord = typeof absent === 'string' ? keccak_256(utf8.encode(absent)) : word(BigInt(absent))
  return {
    type: inner.type,
    form: `${inner.form}; absent: no bytes`,
    schema: inner.schema,
    mayBeAbsent: true,
    structs: inner.structs,
    check: (value, path) => {
      if (present(value, path) !== undefined) inner.check(value as T, path)
    },
    toWire: (value, path) => (present(value, path) === undefined ? new Uint8Array(0) : inner.toWire(value as T, path)),
    fromWire: (wire, path) =>
      wire instanceof Uint8Array && wire.length === 0 ? undefined : present(inner.fromWire(wire, path), path),
    toJson: (value, path) => (present(value, path) === undefined ? undefined : inner.toJson(value as T, path)),
    fromJson: (json, path) => (json === undefined ? undefined : present(inner.fromJson(json, path), path)),
    toWord: (value, path) => (present(value, path) === undefined ? absentWord : inner.toWord(value as T, path)),
    toTyped: (value, path) => (present(value, path) === undefined ? absent : inner.toTyped(value as T, path)),
  }
}

export function list<T, J>(
  inner: Field<T, J>,
  limits: { readonly min?: number; readonly max: number },
): Field<readonly T[], readonly J[]> {
  const min = limits.min ?? 0
  function items(value: unknown, path: string): readonly unknown[] {
    if (!Array.isArray(value) || value.length < min || value.length > limits.max) {
      throw new MessageInvalidError(path, `a list of ${min} to ${limits.max}`, value)
    }
    return value
  }
  return {
    type: `${inner.type}[]`,
    form: `list of ${min === limits.max ? min : `${min} to ${limits.max}`}: ${inner.form}`,
    schema: { type: 'array', items: inner.schema, minItems: min, maxItems: limits.max },
    structs: inner.structs,
    check: (value, path) => {
      items(value, path)
      for (const [index, item] of value.entries()) inner.check(item, `${path}.${index}`)
    },
    toWire: (value, path) => {
      items(value, path)
      return value.map((item, index) => inner.toWire(item, `${path}.${index}`))
    },
    fromWire: (wire, path) => items(wire, path).map((item, index) => inner.fromWire(item as Wire, `${path}.${index}`)),
    toJson: (value, path) => {
      items(value, path)
      return value.map((item, index) => inner.toJson(item, `${path}.${index}`))
    },
    fromJson: (json, path) => items(json, path).map((item, index) => inner.fromJson(item, `${path}.${index}`)),
    toWord: (value, path) => {
      items(value, path)
      return keccak_256(concatBytes(...value.map((item, index) => inner.toWord(item, `${path}.${index}`))))
    },
    toTyped: (value, path) => {
      items(value, path)
      return value.map((item, index) => inner.toTyped(item, `${path}.${index}`))
    },
  }
}

/** One of a few words. */
export function choice<T extends string>(...words: readonly T[]): Field<T, string> {
  const inner = text(32)
  function checked(value: unknown, path: string): T {
    const word = words.find((each) => each === value)
    if (word === undefined) throw new MessageInvalidError(path, `one of ${words.join(', ')}`, value)
    return word
  }
  return {
    ...inner,
    form: `text: ${words.join(', ')}`,
    schema: { type: 'string', enum: words },
    check: checked,
    toWire: (value, path) => inner.toWire(checked(value, path), path),
    fromWire: (wire, path) => checked(inner.fromWire(wire, path), path),
    fromJson: checked,
  }
}

/** 32 bytes, big-endian. */
export function word(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0'))
}

function minimalBytes(value: bigint): Uint8Array {
  if (value >> 128n !== 0n) {
    const hex = value.toString(16)
    return hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`)
  }
  // Amounts are in every record: by halves they take a fraction of the time that their text would.
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, value >> 64n)
  view.setBigUint64(8, value)
  let first = 0
  while (bytes[first] === 0) first += 1
  return bytes.slice(first)
}

function fromMinimalBytes(wire: Wire, path: string): bigint {
  if (!(wire instanceof Uint8Array) || wire[0] === 0) {
    throw new MessageInvalidError(path, 'an integer as big-endian bytes without a leading zero', wire)
  }
  if (wire.length > 16) return BigInt(toHex(wire))
  const bytes = new Uint8Array(16)
  bytes.set(wire, 16 - wire.length)
  const view = new DataView(bytes.buffer)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}

function hexOf(min: number, max: number): JsonSchema {
  return { type: 'string', pattern: `^0x([0-9a-f]{2}){${min},${max}}$` }
}

function checkUint(value: unknown, max: number, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max || Object.is(value, -0)) {
    throw new MessageInvalidError(path, `an integer from 0 to ${max}`, value)
  }
  return value
}

function checkedWord(value: Uint8Array, path: string): Uint8Array {
  if (value.length !== 32) throw new MessageInvalidError(path, '32 bytes', value)
  return value
}

function solidityBits(bits: number): number {
  return Math.min(256, 8 * Math.ceil(bits / 8))
}

function decimal(json: unknown, path: string): string {
  if (typeof json !== 'string' || !/^(0|[1-9][0-9]{0,38})$/.test(json)) {
    throw new MessageInvalidError(path, 'a decimal string', json)
  }
  return json
}

function hexFromJson(json: unknown, path: string): Uint8Array {
  if (!isHex(json)) throw new MessageInvalidError(path, '0x and lower-case hex digits', json)
  return fromHex(json)
}

function decodeUtf8(value: Uint8Array, path: string): string {
  return reported(path, 'UTF-8', value, () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value))
}

/** Runs a parser of another library, whose own errors would not say which field is meant. */
function reported<T>(path: string, expected: string, value: unknown, parse: () => T): T {
  try {
    return parse()
  } catch {
    throw new MessageInvalidError(path, expected, value)
  }
}
