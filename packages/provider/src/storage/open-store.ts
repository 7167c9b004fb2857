/**
 * The provider's own SQLite file: the truth about quotes, uploads, deals and sectors. It is opened in exclusive mode,
 * which also makes it the lock of the folder: the kernel releases it when the process dies, however it dies.
 */
import { DatabaseSync } from 'node:sqlite'
import { GranaryError } from '@granary/base'
import { StoreLostError } from './store-lost-error.ts'

const SCHEMA_VERSION = 1

export class HomeLockedError extends GranaryError {
  constructor(path: string, cause: unknown) {
    super({
      code: 'HOME_LOCKED',
      message: `${path} is in use by another process`,
      hint: 'a provider runs on this home already: stop it first, or give this one its own --home',
      details: { path },
      cause,
    })
  }
}

export class StoreVersionError extends GranaryError {
  constructor(path: string, found: number) {
    super({
      code: 'STORE_VERSION',
      message: `${path} has schema version ${found}, this program knows ${SCHEMA_VERSION}`,
      hint: 'run the newer release of granary that wrote this home, or start with a new --home',
      details: { path, found, known: SCHEMA_VERSION },
    })
  }
}

/** @throws HomeLockedError when another process has it; StoreVersionError when a newer program wrote it; StoreLostError */
export function openStore(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  try {
    takeLock(db, path)
    requireSound(db, path)
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0)
    if (version > SCHEMA_VERSION) throw new StoreVersionError(path, version)
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    return db
  } catch (error) {
    db.close()
    if (isDamage(error)) throw new StoreLostError(path, 'damaged', String(error), error)
    throw error
  }
}

function takeLock(db: DatabaseSync, path: string): void {
  try {
    db.exec(`
      PRAGMA busy_timeout = 0;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      BEGIN EXCLUSIVE;
      COMMIT;
    `)
  } catch (error) {
    if (Error.isError(error) && error.message.includes('locked')) throw new HomeLockedError(path, error)
    throw error
  }
}

/** All of it is read once: what is damaged is found here, and not in the middle of a promise. */
function requireSound(db: DatabaseSync, path: string): void {
  const [first] = db.prepare('PRAGMA quick_check(1)').all()
  if (first?.quick_check !== 'ok') throw new StoreLostError(path, 'damaged', String(first?.quick_check))
}

const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

function isDamage(error: unknown): boolean {
  const code = Error.isError(error) ? Reflect.get(error, 'errcode') : undefined
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
}
