/**
 * What the state machine reads from, and the overlays it writes to: one over the committed state for a block, one over
 * that for each transaction, dropped when the transaction fails.
 */
import type { Struct } from '@granary/protocol/codec'
import { decodeRecord, encodeRecord } from '@granary/protocol/codec'
import { createSortedKeys, type SortedKeys } from './sorted-keys.ts'

/** Committed state. Keys are ASCII; a range is ascending, holds the keys that start with `prefix`, those above `after`. */
export interface StateReader {
  get(key: string): Uint8Array | undefined
  range(prefix: string, after?: string): Iterable<readonly [key: string, value: Uint8Array]>
}

/** A reader that keeps both forms of what it has read. */
export interface EntryReader extends StateReader {
  /** What stands at the key, to be read as bytes or as a record. */
  entry(key: string): Entry | undefined
}

export interface Store extends EntryReader {
  put(key: string, value: Uint8Array): void
  /** @throws MessageInvalidError for a record that cannot be encoded */
  putRecord<T>(key: string, of: Struct<T>, record: T): void
  delete(key: string): void
  /** undefined deletes. */
  setEntry(key: string, entry: Entry | undefined): void
}

export interface Overlay extends Store {
  /** null: deleted. */
  writes(): ReadonlyMap<string, Uint8Array | null>
  /** Hands all writes to the store below. */
  commitTo(store: Store): void
}

/**
 * A value in its two forms, each made of the other when it is first asked for: a record that changes with every
 * transaction is decoded once in a block, and encoded once. Neither form may be changed.
 */
export interface Entry {
  bytes(): Uint8Array
  record<T>(of: Struct<T>): T
}

export function readRecord<T>(reader: StateReader | EntryReader, key: string, of: Struct<T>): T | undefined {
  if ('entry' in reader) return reader.entry(key)?.record(of)
  const bytes = reader.get(key)
  return bytes === undefined ? undefined : decodeRecord(of, bytes)
}

export function createOverlay(below: StateReader | EntryReader): Overlay {
  const written = new Map<string, Entry | undefined>()
  const readBelow = entriesOf(below)
  // Keys are grouped by their table, so that a range over one table does not walk the writes of all others.
  const keysByTable = new Map<string, SortedKeys>()

  function keysOf(table: string): SortedKeys {
    let keys = keysByTable.get(table)
    if (keys === undefined) {
      keys = createSortedKeys()
      keysByTable.set(table, keys)
    }
    return keys
  }

  function entry(key: string): Entry | undefined {
    return written.get(key) ?? (written.has(key) ? undefined : readBelow(key))
  }

  function setEntry(key: string, value: Entry | undefined): void {
    if (!written.has(key)) keysOf(tableOf(key)).add(key)
    written.set(key, value)
  }

  return {
    entry,
    setEntry,
    writes: () => new Map(Array.from(written, ([key, value]) => [key, value?.bytes() ?? null])),
    get: (key) => entry(key)?.bytes(),
    range: (prefix, after) => {
      const own = keysByTable.get(tableOf(prefix))?.range(prefix, after) ?? []
      return own.length === 0 ? below.range(prefix, after) : merge(own, written, below.range(prefix, after))
    },
    put: (key, value) => setEntry(key, entryOfBytes(value)),
    putRecord: (key, of, record) => {
      of.check(record, of.name)
      setEntry(key, entryOfRecord(of, record))
    },
    delete: (key) => setEntry(key, undefined),
    commitTo: (store) => {
      for (const [key, value] of written) store.setEntry(key, value)
    },
  }
}

export function entryOfBytes(bytes: Uint8Array): Entry {
  let decoded: unknown
  return {
    bytes: () => bytes,
    record: <T>(of: Struct<T>) => {
      decoded ??= decodeRecord(of, bytes)
      return decoded as T
    },
  }
}

function entryOfRecord<R>(declared: Struct<R>, record: R): Entry {
  let encoded: Uint8Array | undefined
  return {
    bytes: () => {
      encoded ??= encodeRecord(declared, record)
      return encoded
    },
    record: <T>() => record as unknown as T,
  }
}

/** Reads the entries below an overlay, and remembers those of the committed state for as long as the overlay lives. */
function entriesOf(below: StateReader | EntryReader): (key: string) => Entry | undefined {
  if ('entry' in below) return below.entry
  const known = new Map<string, Entry>()
  return (key) => {
    let entry = known.get(key)
    if (entry !== undefined) return entry
    const bytes = below.get(key)
    if (bytes === undefined) return undefined
    entry = entryOfBytes(bytes)
    known.set(key, entry)
    return entry
  }
}

function tableOf(key: string): string {
  const slash = key.indexOf('/')
  return slash === -1 ? key : key.slice(0, slash)
}

type Written = ReadonlyMap<string, Entry | undefined>

function* merge(
  own: readonly string[],
  written: Written,
  below: Iterable<readonly [string, Uint8Array]>,
): Generator<readonly [string, Uint8Array]> {
  let next = 0
  for (const entry of below) {
    for (; next < own.length && own[next]! < entry[0]; next++) yield* present(own[next]!, written)
    if (own[next] === entry[0]) yield* present(own[next++]!, written)
    else yield entry
  }
  for (; next < own.length; next++) yield* present(own[next]!, written)
}

function* present(key: string, written: Written): Generator<readonly [string, Uint8Array]> {
  const entry = written.get(key)
  if (entry !== undefined) yield [key, entry.bytes()]
}
