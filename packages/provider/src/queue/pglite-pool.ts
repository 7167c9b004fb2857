/**
 * PGlite behind the part of `pg.Pool` that BullMQ's PostgreSQL backend uses: query, connect, end, and notifications.
 * There is one session, so a "client" is the database itself; transactions would mix, and none is used but by the
 * migrations, which run before anybody else is let in.
 */
import { EventEmitter } from 'node:events'
import type { PGlite } from '@electric-sql/pglite'
import type { PgNotification, PgPool, PgPoolClient, PgQueryResult } from 'bullmq'

type Query = <R>(text: string, params?: readonly unknown[]) => Promise<PgQueryResult<R>>

const SQLSTATE = /^[0-9A-Z]{5}$/

class PgliteClient extends EventEmitter {
  readonly #query: Query
  readonly #stopListening: () => void

  constructor(db: PGlite, query: Query) {
    super()
    // Each blocked worker and each waiting reader listens for as long as it waits.
    this.setMaxListeners(0)
    this.#query = query
    this.#stopListening = db.onNotification((channel, payload) => {
      this.emit('notification', { channel, payload } satisfies PgNotification)
    })
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    return this.#query<R>(text, params)
  }

  release(): void {
    this.#stopListening()
  }
}

class PglitePool extends EventEmitter {
  // Nothing can drop an in-process connection silently: BullMQ may wait for a notification instead of asking again.
  readonly options: { readonly keepAlive: true } = { keepAlive: true }
  readonly #db: PGlite
  readonly #query: Query

  constructor(db: PGlite, query: Query) {
    super()
    this.setMaxListeners(0)
    this.#db = db
    this.#query = query
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    return this.#query<R>(text, params)
  }

  async connect(): Promise<PgPoolClient> {
    return new PgliteClient(this.#db, this.#query)
  }

  /** The database outlives the pool: whoever opened it closes it. */
  async end(): Promise<void> {}
}

async function queryPglite<R>(db: PGlite, text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
  // PGlite answers in microtasks: without this turn a tight loop of queries would starve every timer of the process.
  await new Promise<void>((resolve) => setImmediate(resolve))
  if (params !== undefined && params.length > 0) return await db.query<R>(text, [...params])
  // Without parameters the text may hold several statements (migrations); like pg, the last one's result counts.
  const results = await db.exec(text)
  const last = results.at(-1)
  return { rows: (last?.rows ?? []) as R[], rowCount: last?.affectedRows ?? null }
}

/** A fault of the system, an internal one, or one that PostgreSQL has no class for: the folder, or the instance, is no good. */
function isStoreLost(error: unknown): boolean {
  const code = Error.isError(error) ? Reflect.get(error, 'code') : undefined
  return typeof code !== 'string' || !SQLSTATE.test(code) || code.startsWith('58') || code.startsWith('XX')
}

/** @param onLost told of each failure that says that the store itself is lost */
export function createPglitePool(db: PGlite, onLost: (error: unknown) => void): PgPool {
  return new PglitePool(db, async <R>(text: string, params?: readonly unknown[]) => {
    try {
      return await queryPglite<R>(db, text, params)
    } catch (error) {
      if (isStoreLost(error)) onLost(error)
      throw error
    }
  })
}
