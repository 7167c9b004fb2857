/**
 * The state after a block, collected while later blocks are made: what stands there now, with what those blocks have replaced put
 * back. In the order of the tree's paths it lies in a file of SQLite that has no name and ends with its process, so that memory
 * does not grow with the state.
 */
import { DatabaseSync } from 'node:sqlite'
import { isDerived, isInTree, OUTSIDE_KEYS, pathOf } from '@granary/protocol/header'
import { encodeOutside, type StateRecord } from '../state/index.ts'
import { bytesOf } from '../store/create-state-reader.ts'
import type { Store } from '../store/open-store.ts'
import { STATES_KEPT } from '../store/schema.ts'
import { firstPath, prefixDigits } from './snapshot-format.ts'

export interface CollectedState {
  /** Nibbles of the prefixes that its chunks have. */
  readonly digits: number
  /** With those beside the tree. */
  readonly records: number
  readonly outside: Uint8Array
  /** In the order of their paths. */
  chunk(at: number): StateRecord[]
  close(): void
}

export interface CollectOptions {
  /** Called between two parts of the work, which are some milliseconds each. */
  readonly pause: () => Promise<void>
}

const RECORDS_A_PART = 500
const CACHE_KIB = 16_384

/** @returns undefined when the state is not kept any longer */
export async function collectState(
  store: Store,
  height: number,
  { pause }: CollectOptions,
): Promise<CollectedState | undefined> {
  const database = new DatabaseSync('')
  try {
    database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KIB}`)
    database.exec(
      'CREATE TABLE records (path BLOB PRIMARY KEY, key TEXT NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID',
    )
    // Never ended: what is written to the file is what memory has no room for.
    database.exec('BEGIN')
    const outside = new Map<string, Uint8Array>()
    const put = database.prepare('INSERT OR REPLACE INTO records (path, key, value) VALUES (?, ?, ?)')
    const remove = database.prepare('DELETE FROM records WHERE path = ?')

    function set(key: string, value: Uint8Array | undefined): void {
      if (isInTree(key)) {
        if (value === undefined) remove.run(pathOf(key))
        else put.run(pathOf(key), key, value)
      } else if (OUTSIDE_KEYS.includes(key)) {
        if (value === undefined) outside.delete(key)
        else outside.set(key, value)
      }
    }

    for (let last: string | undefined; ; ) {
      const part = firstOf(store.reader.range('', last), RECORDS_A_PART)
      for (const [key, value] of part) if (!isDerived(key)) set(key, value)
      if (part.length < RECORDS_A_PART) break
      last = part.at(-1)![0]
      await pause()
    }
    // Each key ends as the earliest of these blocks found it. What a block replaces after this was read before it.
    for (let since = store.head()!.height; since > height; since--) {
      for (const [key, value] of store.replacedBy(since)) set(key, value)
      await pause()
    }
    // What they replaced was there until the last one was read.
    if (store.head()!.height - height >= STATES_KEPT) return closed(database)

    const size = database.prepare('SELECT count(*) AS records, sum(length(value)) AS bytes FROM records').get()
    const records = Number(size?.records)
    const digits = prefixDigits(records, Number(size?.bytes ?? 0))
    const all = 'SELECT key, value FROM records WHERE path >= ?'
    const [within, rest] = [`${all} AND path < ? ORDER BY path`, `${all} ORDER BY path`].map((sql) =>
      database.prepare(sql),
    )
    return {
      digits,
      records: records + outside.size,
      outside: encodeOutside(outside),
      chunk: (at) => {
        const isLast = at === 16 ** digits - 1
        const rows = isLast
          ? rest!.all(firstPath(at, digits))
          : within!.all(firstPath(at, digits), firstPath(at + 1, digits))
        return rows.map(({ key, value }) => [String(key), bytesOf(value)] as const)
      },
      close: () => database.close(),
    }
  } catch (error) {
    database.close()
    throw error
  }
}

function closed(database: DatabaseSync): undefined {
  database.close()
}

function firstOf<T>(items: Iterable<T>, count: number): T[] {
  const found: T[] = []
  for (const item of items) {
    found.push(item)
    if (found.length === count) break
  }
  return found
}
