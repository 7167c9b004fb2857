/** A tuple of named fields: the unit that is encoded, shown by a wallet as an EIP-712 struct, and sent as a JSON object. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { Field, StructType, Wire } from './field.ts'
import { MessageInvalidError } from './types.ts'

export interface Struct<T, J = unknown> extends Field<T, J> {
  readonly name: string
  readonly fields: { readonly [K in keyof T]-?: Field<T[K]> }
  /** encodeType of EIP-712. */
  readonly encodedType: string
}

/**
 * @param name: the EIP-712 name of the struct
 * @param fields: in the order of the tuple
 */
export function struct<T extends object, J = unknown>(
  name: string,
  fields: { readonly [K in keyof T]-?: Field<T[K]> },
): Struct<T, J> {
  const names = Object.keys(fields) as (keyof T & string)[]
  const own: StructType = { name, members: names.map((key) => [key, fields[key].type, fields[key].form]) }
  const structs = uniqueByName([own, ...names.flatMap((key) => fields[key].structs)])
  const encodedType = encodeType(structs)
  const typeHash = keccak_256(new TextEncoder().encode(encodedType))

  /** Builds the object without its absent fields. */
  function build(entries: readonly (readonly [string, unknown])[]): object {
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  }

  return {
    type: name,
    form: name,
    schema: {
      type: 'object',
      properties: Object.fromEntries(names.map((key) => [key, fields[key].schema])),
      required: names.filter((key) => fields[key].mayBeAbsent !== true),
      additionalProperties: false,
    },
    name,
    fields,
    structs,
    encodedType,
    check: (value, path) => {
      for (const key of names) fields[key].check(value[key], `${path}.${key}`)
    },
    toWire: (value, path) => names.map((key) => fields[key].toWire(value[key], `${path}.${key}`)),
    fromWire: (wire, path) => {
      const items = tuple(wire, names.length, path)
      return build(names.map((key, index) => [key, fields[key].fromWire(items[index]!, `${path}.${key}`)])) as T
    },
    toJson: (value, path) => build(names.map((key) => [key, fields[key].toJson(value[key], `${path}.${key}`)])) as J,
    fromJson: (json, path) => {
      const object = plainObject(json, names, path)
      return build(names.map((key) => [key, fields[key].fromJson(object[key], `${path}.${key}`)])) as T
    },
    toWord: (value, path) =>
      keccak_256(concatBytes(typeHash, ...names.map((key) => fields[key].toWord(value[key], `${path}.${key}`)))),
    toTyped: (value, path) =>
      Object.fromEntries(names.map((key) => [key, fields[key].toTyped(value[key], `${path}.${key}`)])),
  }
}

/** The primary type first, those that it refers to after it in alphabetical order. */
function encodeType(structs: readonly StructType[]): string {
  const [primary, ...others] = structs
  const sorted = others.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return [primary!, ...sorted]
    .map(({ name, members }) => `${name}(${members.map(([key, type]) => `${type} ${key}`).join(',')})`)
    .join('')
}

function uniqueByName(structs: readonly StructType[]): StructType[] {
  return [...new Map(structs.map((each) => [each.name, each])).values()]
}

function tuple(wire: Wire, length: number, path: string): readonly Wire[] {
  if (!Array.isArray(wire) || wire.length !== length) throw new MessageInvalidError(path, `a tuple of ${length}`, wire)
  return wire
}

function plainObject(json: unknown, names: readonly string[], path: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new MessageInvalidError(path, 'an object', json)
  }
  const unknown = Object.keys(json).find((key) => !names.includes(key))
  if (unknown !== undefined) throw new MessageInvalidError(`${path}.${unknown}`, 'no such field', 'one')
  return json as Record<string, unknown>
}
