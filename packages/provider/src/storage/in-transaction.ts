import type { DatabaseSync } from 'node:sqlite'

/** All of `work`'s writes or none; synchronous, so that nothing else of this process comes in between. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // Of a disk that is full SQLite has taken all back itself.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
