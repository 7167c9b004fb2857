/** What several records are made of. */
import { bigUint, type Field, list, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'

/** A value that may be missing, in a record: a list of none or one in its bytes. */
export function maybe<T>(inner: Field<T>): Field<T | undefined> {
  const items = list(inner, { max: 1 })
  const listOf = (value: T | undefined): readonly T[] => (value === undefined ? [] : [value])
  return {
    ...items,
    check: (value, path) => items.check(listOf(value), path),
    toWire: (value, path) => items.toWire(listOf(value), path),
    fromWire: (wire, path) => items.fromWire(wire, path)[0],
    toJson: (value, path) => items.toJson(listOf(value), path),
    fromJson: (json, path) => items.fromJson(json, path)[0],
    toWord: (value, path) => items.toWord(listOf(value), path),
    toTyped: (value, path) => items.toTyped(listOf(value), path),
  }
}

/** attoGRN. */
export const amount: Field<bigint> = bigUint(128)
export const u48: Field<number> = uint(48)

/** For tables whose keys say all. */
export const marker: Struct<object> = struct<object>('Marker', {})
