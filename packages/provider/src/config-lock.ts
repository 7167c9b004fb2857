/**
 * One at a time changes config.json: each reads it, and writes what it has read with its own change. Held by the kernel for as long
 * as the process lives, however it ends; the empty file beside config.json means nothing by itself.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { DatabaseSync } from 'node:sqlite'
import { GranaryError, sleep } from '@granary/base'

const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_CANTOPEN = 14
const ASK_AGAIN_MS = 20
/** Longer than a running provider may take to apply what was written. */
const WAIT_MS = 60_000

export class ConfigBusyError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_LOCKED',
      message: `another command has been changing ${path} for a minute`,
      hint: 'wait until it has ended, or end it, and give this one again',
      details: { path },
    })
  }
}

const held = new AsyncLocalStorage<string>()

/** What is done inside may take it again. @throws ConfigBusyError HOME_LOCKED */
export async function withConfigLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  if (held.getStore() === path) return await work()
  const lock = await take(path)
  try {
    return await held.run(path, work)
  } finally {
    lock?.close()
  }
}

/** Undefined where nothing can be written: who tries to says why. */
async function take(path: string): Promise<DatabaseSync | undefined> {
  for (const endMs = Date.now() + WAIT_MS; ; ) {
    const taken = takeNow(`${path}.lock`)
    if (taken !== 'busy') return taken
    if (Date.now() > endMs) throw new ConfigBusyError(path)
    await sleep(ASK_AGAIN_MS)
  }
}

function takeNow(file: string): DatabaseSync | 'busy' | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    const { errcode } = error as { errcode?: unknown }
    if (errcode === SQLITE_BUSY) return 'busy'
    if (errcode === SQLITE_READONLY || errcode === SQLITE_CANTOPEN) return undefined
    throw error
  }
}
