/** A table of records, to be read and written. What its records and keys are is declared in protocol/src/records. */
import { decodeRecord } from '@granary/protocol/codec'
import { type KeyPart, type RecordTable, tableKey } from '@granary/protocol/records'
import { readRecord, type StateReader, type Store } from './store.ts'

export interface Table<K extends readonly KeyPart[], T> extends RecordTable<K, T> {
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

export function table<K extends readonly KeyPart[], T>(of: RecordTable<K, T>): Table<K, T> {
  const { name, record } = of
  return {
    ...of,
    get: (store, ...parts) => readRecord(store, tableKey(name, parts), record),
    put: (store, ...entry) => {
      const parts = entry.slice(0, -1) as KeyPart[]
      store.putRecord(tableKey(name, parts), record, entry[entry.length - 1] as T)
    },
    delete: (store, ...parts) => store.delete(tableKey(name, parts)),
    entries: function* (store, parts, after) {
      const afterKey = after === undefined ? undefined : tableKey(name, after)
      for (const [key, bytes] of store.range(`${tableKey(name, parts)}/`, afterKey)) {
        yield { parts: key.split('/').slice(1), value: decodeRecord(record, bytes) }
      }
    },
  }
}

/** The first entry of a range. The rest of the range is abandoned, so that no open query stays behind. */
export function firstOf<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item
  return undefined
}
