/**
 * PGlite behind the part of `pg.Pool` that BullMQ's PostgreSQL backend uses: query, connect, end, and notifications.
 * There is one session, so a "client" is the database itself; transactions would mix, and none is used but by the
 * migrations, which run before anybody else is let in.
 */
import { EventEmitter } from 'node:events'
import type { PGlite } from '@electric-sql/pglite'
import type { PgNotification, PgPool, PgPoolClient, PgQueryResult } from 'bullmq'

class PgliteClient extends EventEmitter {
  readonly #db: PGlite
  readonly #stopListening: () => void

  constructor(db: PGlite) {
    super()
    // Each blocked worker and each waiting reader listens for as long as it waits.
    this.setMaxListeners(0)
    this.#db = db
    this.#stopListening = db.onNotification((channel, payload) => {
      this.emit('notification', { channel, payload } satisfies PgNotification)
    })
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    return queryPglite<R>(this.#db, text, params)
  }

  release(): void {
    this.#stopListening()
  }
}

class PglitePool extends EventEmitter {
  // Nothing can drop an in-process connection silently: BullMQ may wait for a notification instead of asking again.
  readonly options: { readonly keepAlive: true } = { keepAlive: true }
  readonly #db: PGlite

  constructor(db: PGlite) {
    super()
    this.setMaxListeners(0)
    this.#db = db
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    return queryPglite<R>(this.#db, text, params)
  }

  async connect(): Promise<PgPoolClient> {
    return new PgliteClient(this.#db)
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

export function createPglitePool(db: PGlite): PgPool {
  return new PglitePool(db)
}
