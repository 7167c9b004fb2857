/** A table of records: `name/part/part` → the tuple of a declared record. Numbers in keys have a fixed width, so that they sort. */
import type { Struct } from '../codec/struct.ts'

export type KeyPart = string | number

export interface RecordTable<K extends readonly KeyPart[], T> {
  readonly name: string
  /** What the parts of a key are. */
  readonly parts: readonly string[]
  readonly record: Struct<T>
  key(...parts: K): string
}

const NUMBER_DIGITS = 14

export function recordTable<K extends readonly KeyPart[], T>(
  name: string,
  parts: readonly string[],
  record: Struct<T>,
): RecordTable<K, T> {
  return { name, parts, record, key: (...of) => tableKey(name, of) }
}

/** Of an entry, or of a range of them when the last parts are left out. */
export function tableKey(name: string, parts: readonly KeyPart[]): string {
  return [name, ...parts.map(keyPart)].join('/')
}

function keyPart(part: KeyPart): string {
  return typeof part === 'number' ? part.toString(16).padStart(NUMBER_DIGITS, '0') : part
}

export function keyNumber(part: string | undefined): number {
  return Number.parseInt(part!, 16)
}
