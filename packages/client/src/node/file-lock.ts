/**
 * A lock that a kill releases: an SQLite file in exclusive mode. The file goes when its holder lets go of it, and stays after a
 * kill; without a holder it means nothing.
 */

import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '@granary/base/node'
import type { Lock } from '../ports.ts'

const SQLITE_BUSY = 5

/** @param folder where the files of locks are; made with the first one */
export function fileLock(folder: string): Lock {
  return {
    async take(name) {
      await makeFolder(folder, 0o700)
      return lockFile(join(folder, `${name}.lock`))
    },
  }
}

/** Undefined when another process, or another call in this one, holds it. */
export function lockFile(path: string): AsyncDisposable | undefined {
  for (;;) {
    const before = madeFile(path)
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    } catch (error) {
      database.close()
      if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) return undefined
      throw error
    }
    // Its last holder may have removed the file in between: then what is locked is a file that nobody else will find.
    if (before !== undefined && before === fileAt(path)) return heldLock(path, database)
    database.close()
  }
}

function heldLock(path: string, database: DatabaseSync): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      if (!database.isOpen) return
      // While it is locked, so that it is not the file of the next holder.
      rmSync(path, { force: true })
      database.close()
    },
  }
}

/** Which file it is that is there, after it was made where there was none; undefined: it is gone already. */
function madeFile(path: string): string | undefined {
  try {
    // A file that is there is not opened: closing it would release what this process has locked of it.
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  }
  return fileAt(path)
}

/** A number of a file that is gone is given to the next one; the time that it was made at is not. */
function fileAt(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.dev} ${stat.ino} ${stat.birthtimeNs}`
}
