/**
 * Opens the queue's PGlite folder. PGlite does not fsync, so a power cut may leave a folder that does not open any more;
 * as the queue is never the truth, such a folder is put aside (the newest one is kept for a look) and a new one made.
 * PGlite takes no lock on its folder: the provider's home, of which it is a part, is locked by the provider's store.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { GranaryError } from '@granary/base'
import { DEFAULT_SCHEMA, type PgPool, runMigrations } from 'bullmq'
import { QueueLostError } from './job-queue.ts'
import { createPglitePool } from './pglite-pool.ts'
import type { QueueLog } from './queue-log.ts'

export interface OpenedPglite {
  readonly db: PGlite
  readonly pool: PgPool
  /** Aborted, with a QueueLostError, when the store does not answer any more as long as it is not opened anew. */
  readonly lost: AbortSignal
}

export class QueueFolderError extends GranaryError {
  constructor(folder: string, cause: unknown) {
    super({
      code: 'QUEUE_FOLDER_UNUSABLE',
      message: `the queue folder ${folder} cannot be opened, nor made anew: ${describe(cause)}`,
      hint: 'See that the disk is neither full nor read-only. The folder holds nothing that cannot be made again.',
      cause,
    })
  }
}

const OPEN_TIMEOUT_MS = 60_000

export async function openPglite(folder: string, log: QueueLog): Promise<OpenedPglite> {
  try {
    return await open(folder)
  } catch (error) {
    const aside = await putAside(folder)
    log({ type: 'queue:recreated', folder, aside, reason: describe(error) })
    try {
      return await open(folder)
    } catch (again) {
      throw new QueueFolderError(folder, again)
    }
  }
}

async function open(folder: string): Promise<OpenedPglite> {
  await mkdir(folder, { recursive: true })
  const db = new PGlite(folder)
  try {
    await withTimeout(db.waitReady, OPEN_TIMEOUT_MS)
    const lost = new AbortController()
    const pool = createPglitePool(db, (error) => lost.abort(new QueueLostError(folder, error)))
    await runMigrations(await pool.connect(), DEFAULT_SCHEMA)
    await db.exec(`SET search_path TO "${DEFAULT_SCHEMA}"`)
    // Reads through the tables' pages: a folder that opens but is torn shows it here and not in the middle of a job.
    await db.exec('SELECT count(*) FROM job; SELECT count(*) FROM event')
    return { db, pool, lost: lost.signal }
  } catch (error) {
    await db.close().catch(() => {})
    throw error
  }
}

async function putAside(folder: string): Promise<string> {
  const parent = dirname(folder)
  const prefix = `${basename(folder)}.unreadable-`
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true })
  }
  const aside = join(parent, `${prefix}${Date.now()}`)
  await rename(folder, aside)
  return aside
}

async function withTimeout(ready: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`PGlite did not open within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([ready, late])
  } finally {
    clearTimeout(timer)
  }
}

function describe(error: unknown): string {
  return Error.isError(error) ? error.message : String(error)
}
