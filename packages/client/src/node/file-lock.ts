/**
 * A lock that a kill releases: an SQLite file in exclusive mode. The file itself stays; without a holder it means nothing.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Lock } from '../ports.ts'

const SQLITE_BUSY = 5

/** @param folder where the files of locks are; made with the first one */
export function fileLock(folder: string): Lock {
  return { take: async (name) => lockFile(join(folder, `${name}.lock`)) }
}

/** Undefined when another process, or another call in this one, holds it. */
export function lockFile(path: string): AsyncDisposable | undefined {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) return undefined
    throw error
  }
  return { [Symbol.asyncDispose]: async () => void (database.isOpen && database.close()) }
}
