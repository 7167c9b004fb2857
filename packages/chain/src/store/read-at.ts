/** The state as it was some blocks ago: the state of now, with what the blocks since then have replaced. */
import type { DatabaseSync } from 'node:sqlite'
import type { StateReader } from '../state/index.ts'
import { createOverlay } from '../state/store.ts'
import { bytesOf } from './create-state-reader.ts'

/** @returns undefined when no block of that height is there, or what it would take has been dropped */
export function readAt(database: DatabaseSync, now: StateReader, height: number): StateReader | undefined {
  const kept = database.prepare('SELECT max(height) AS head FROM blocks').get()
  const head = kept?.head === null || kept === undefined ? -1 : Number(kept.head)
  if (height === head) return now
  const oldest = database.prepare('SELECT min(height) AS height FROM undo').get()?.height
  if (height < 0 || height > head || typeof oldest !== 'number' || height + 1 < oldest) return undefined
  const selectReplaced = database.prepare('SELECT value FROM undo WHERE height = ? AND key = ?')

  return {
    get(key) {
      for (let since = height + 1; since <= head; since++) {
        const row = selectReplaced.get(since, key)
        if (row !== undefined) return row.value === null ? undefined : bytesOf(row.value)
      }
      return now.get(key)
    },
    range(prefix, after) {
      const then = createOverlay(now)
      const replaced = database.prepare('SELECT key, value FROM undo WHERE height > ? ORDER BY height DESC').all(height)
      // From the head back: what the earliest of the blocks replaced is what was there.
      for (const { key, value } of replaced) {
        if (value === null) then.delete(String(key))
        else then.put(String(key), bytesOf(value))
      }
      return then.range(prefix, after)
    },
  }
}
