/** Drops old blocks with their transactions and events, in parts, so that no transaction grows without bound. */
import type { DatabaseSync } from 'node:sqlite'

const BLOCKS_A_PART = 1_000

export function pruneHistory(database: DatabaseSync, below: number): number {
  const tables = ['events', 'txs', 'blocks'].map((table) => database.prepare(`DELETE FROM ${table} WHERE height < ?`))
  const first = Number(database.prepare('SELECT min(height) AS height FROM blocks').get()?.height ?? below)
  // The oldest first: a kill in between leaves a shorter history without gaps.
  for (let to = first; to < below; ) {
    to = Math.min(to + BLOCKS_A_PART, below)
    database.exec('BEGIN IMMEDIATE')
    for (const table of tables) table.run(to)
    database.exec('COMMIT')
  }
  database.exec('VACUUM')
  return Math.max(0, below - first)
}
