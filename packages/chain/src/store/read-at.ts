/** The state as it was some blocks ago: the state of now, with what the blocks since then have replaced. */
import type { DatabaseSync } from 'node:sqlite'
import type { StateReader } from '../state/index.ts'
import { bytesOf } from './create-state-reader.ts'

/** @returns undefined when no block of that height is there, or what it would take has been dropped */
export function readAt(database: DatabaseSync, now: StateReader, height: number): StateReader | undefined {
  const kept = database.prepare('SELECT max(height) AS head FROM blocks').get()
  const head = kept?.head === null || kept === undefined ? -1 : Number(kept.head)
  if (height === head) return now
  const oldest = database.prepare('SELECT min(height) AS height FROM undo').get()?.height
  if (height < 0 || height > head || typeof oldest !== 'number' || height + 1 < oldest) return undefined
  const selectReplaced = database.prepare('SELECT value FROM undo WHERE height = ? AND key = ?')
  const selectAllReplaced = database.prepare('SELECT key, value FROM undo WHERE height > ? ORDER BY height DESC')

  return {
    get(key) {
      for (let since = height + 1; since <= head; since++) {
        const row = selectReplaced.get(since, key)
        if (row !== undefined) return row.value === null ? undefined : bytesOf(row.value)
      }
      return now.get(key)
    },
    *range(prefix, after = '') {
      const then = new Map<string, Uint8Array | undefined>()
      // From the head back: what the earliest of the blocks replaced is what was there.
      for (const { key, value } of selectAllReplaced.all(height)) {
        then.set(String(key), value === null ? undefined : bytesOf(value))
      }
      const replaced = [...then].filter(([key]) => key.startsWith(prefix) && key > after).sort(byKey)
      let next = 0
      for (const [key, value] of now.range(prefix, after === '' ? undefined : after)) {
        for (; next < replaced.length && replaced[next]![0] < key; next++) yield* present(replaced[next]!)
        if (replaced[next]?.[0] === key) yield* present(replaced[next++]!)
        else yield [key, value]
      }
      for (; next < replaced.length; next++) yield* present(replaced[next]!)
    },
  }
}

type Entry = readonly [key: string, value: Uint8Array | undefined]

function byKey([a]: Entry, [b]: Entry): number {
  return a < b ? -1 : 1
}

function* present([key, value]: Entry): Generator<readonly [string, Uint8Array]> {
  if (value !== undefined) yield [key, value]
}
