/** What several records are made of. */
import { bigUint, type Field, list, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'

/** A value that may be missing, in a record: a list of none or one. */
export type Maybe<T> = readonly [T] | readonly []

export function maybe<T>(inner: Field<T>): Field<Maybe<T>> {
  return list(inner, { max: 1 }) as unknown as Field<Maybe<T>>
}

/** attoGRN. */
export const amount: Field<bigint> = bigUint(128)
export const u48: Field<number> = uint(48)

/** For tables whose keys say all. */
export const marker: Struct<object> = struct<object>('Marker', {})
