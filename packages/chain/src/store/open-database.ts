/** Opens the SQLite file for one process alone, durable at every commit. A kill releases the lock. */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreVersionError } from './errors.ts'
import { dropRestoration } from './restore-state.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'
import { storeFault } from './store-fault.ts'

/** A process that was just killed may need a moment until the system has released its locks. */
const LOCK_WAIT_MS = 500
/** 64 MiB that a commit leaves in the log before it clears it itself; a node that clears it between blocks never comes here. */
const WAL_PAGES_MAX = 16_384

/**
 * @throws HomeLockedError, StoreVersionError, StoreCorruptError, DiskFullError
 */
export function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true })
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS })
  return orClosed(database, path, () => {
    // The lock comes first: in exclusive mode it is held from the first access until the file is closed.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES_MAX}`)
    database.exec('BEGIN IMMEDIATE')
    const version = versionOf(database)
    if (version === 0) database.exec(`${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}`)
    else if (version !== SCHEMA_VERSION) throw new StoreVersionError(path, version, SCHEMA_VERSION)
    dropRestoration(database)
    database.exec('COMMIT')
    return database
  })
}

/** Before anything else of a home is read, so that one of another release is refused by that and not by what it lacks. */
export function assertSchemaVersion(path: string): void {
  if (!existsSync(path)) return
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS, readOnly: true })
  orClosed(database, path, () => {
    const version = versionOf(database)
    if (version !== SCHEMA_VERSION && version !== 0) throw new StoreVersionError(path, version, SCHEMA_VERSION)
    database.close()
  })
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version)
}

/** The file is closed when the work on it fails. */
export function orClosed<T>(database: DatabaseSync, path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    database.close()
    throw storeFault(error, path)
  }
}
