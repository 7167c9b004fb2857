/** The committed state, as the state machine reads it: ASCII keys in ascending order. */
import type { DatabaseSync } from 'node:sqlite'
import type { StateReader } from '../state/index.ts'

/** Rows are fetched in parts, so that a reader may write, or read another range, between two of them. */
const RANGE_ROWS = 128
/** Sorts behind every ASCII key with the same prefix. */
const AFTER_ASCII = '\u{7f}'

export function createStateReader(database: DatabaseSync): StateReader {
  const selectOne = database.prepare('SELECT value FROM state WHERE key = ?')
  const selectRange = database.prepare('SELECT key, value FROM state WHERE key > ? AND key < ? ORDER BY key LIMIT ?')
  const selectFirst = database.prepare('SELECT key, value FROM state WHERE key >= ? AND key < ? ORDER BY key LIMIT ?')

  return {
    get(key) {
      const row = selectOne.get(key)
      return row === undefined ? undefined : bytesOf(row.value)
    },
    *range(prefix, after) {
      const end = prefix + AFTER_ASCII
      let last = after
      for (;;) {
        const fromPrefix = last === undefined || last < prefix
        const rows = fromPrefix
          ? selectFirst.all(prefix, end, RANGE_ROWS)
          : selectRange.all(last ?? prefix, end, RANGE_ROWS)
        for (const row of rows) {
          last = String(row.key)
          yield [last, bytesOf(row.value)]
        }
        if (rows.length < RANGE_ROWS) return
      }
    },
  }
}

export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new TypeError('a column of bytes holds something else')
}
