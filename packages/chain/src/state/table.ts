/** A table of records: `name/part/part` → the tuple of a declared record. Numbers in keys have a fixed width, so that they sort. */
import type { Struct } from '../messages/struct.ts'
import { decodeRecord } from '../messages/tuple-codec.ts'
import { readRecord, type StateReader, type Store } from './store.ts'

export type KeyPart = string | number

export interface Table<K extends readonly KeyPart[], T> {
  readonly name: string
  /** What the parts of a key are. */
  readonly parts: readonly string[]
  readonly record: Struct<T>
  key(...parts: K): string
  get(store: StateReader, ...parts: K): T | undefined
  put(store: Store, ...entry: [...parts: K, value: T]): void
  delete(store: Store, ...parts: K): void
  /** In key order, those below `parts`, above `after` (whole keys of the table) when given. */
  entries(store: StateReader, parts: readonly KeyPart[], after?: K): Iterable<Entry<T>>
}

export interface Entry<T> {
  /** The parts of the key after the table's name; {@link keyNumber} reads a number. */
  readonly parts: readonly string[]
  readonly value: T
}

const NUMBER_DIGITS = 14

export function table<K extends readonly KeyPart[], T>(
  name: string,
  parts: readonly string[],
  record: Struct<T>,
): Table<K, T> {
  const keyOf = (of: readonly KeyPart[]): string => [name, ...of.map(keyPart)].join('/')
  return {
    name,
    parts,
    record,
    key: (...of) => keyOf(of),
    get: (store, ...of) => readRecord(store, keyOf(of), record),
    put: (store, ...entry) => {
      const of = entry.slice(0, -1) as KeyPart[]
      store.putRecord(keyOf(of), record, entry[entry.length - 1] as T)
    },
    delete: (store, ...of) => store.delete(keyOf(of)),
    entries: function* (store, of, after) {
      const afterKey = after === undefined ? undefined : keyOf(after)
      for (const [key, bytes] of store.range(`${keyOf(of)}/`, afterKey)) {
        yield { parts: key.split('/').slice(1), value: decodeRecord(record, bytes) }
      }
    },
  }
}

export function keyPart(part: KeyPart): string {
  return typeof part === 'number' ? part.toString(16).padStart(NUMBER_DIGITS, '0') : part
}

export function keyNumber(part: string | undefined): number {
  return Number.parseInt(part!, 16)
}

/** The first of a range, which is then left: nothing stays open behind it. */
export function firstOf<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item
  return undefined
}
