/**
 * What of the stored content is fetched, by the root that it is stored under, and how: kept in the store, so that an operator sees
 * over months what costs the line. Bounded: what is fetched the least makes room, and is counted among the others.
 */
import type { DatabaseSync } from 'node:sqlite'
import { inTransaction } from './in-transaction.ts'

export type TrafficWay = 'http' | 'bitswap'

export interface TrafficRow {
  readonly root: string
  /** Answers with content, and blocks that bitswap asked for. */
  readonly answers: number
  readonly httpBytes: number
  readonly bitswapBytes: number
  readonly firstMs: number
  readonly lastMs: number
}

export interface TrafficReport {
  /** The most bytes first. */
  readonly roots: readonly TrafficRow[]
  /** All that has no row of its own. */
  readonly others: { readonly answers: number; readonly httpBytes: number; readonly bitswapBytes: number }
}

export interface Traffic {
  /** Writes nothing, and so never fails. */
  count(root: string, way: TrafficWay, bytes: number): void
  report(countMax: number): TrafficReport
  /** Writes down what was counted since the last time. */
  save(): void
}

interface Counted {
  answers: number
  http: number
  bitswap: number
}

export interface TrafficOptions {
  /** Roots with a row of their own. @default 10,000 */
  readonly rowsMax?: number
  readonly nowMs?: () => number
}

/** Roots that are counted in memory until they are written: nothing is written while somebody waits. */
const UNSAVED_MAX = 1_000
const ROWS_MAX = 10_000
/** So many rows less than the most are left when room is made: not for each new root anew. */
const ROOM_SHARE = 10
const OTHERS = ''

export function createTraffic(db: DatabaseSync, options: TrafficOptions = {}): Traffic {
  const { rowsMax = ROWS_MAX, nowMs = Date.now } = options
  db.exec(`
    CREATE TABLE IF NOT EXISTS traffic (
      root TEXT PRIMARY KEY,
      answers INTEGER NOT NULL,
      http_bytes INTEGER NOT NULL,
      bitswap_bytes INTEGER NOT NULL,
      first_ms INTEGER NOT NULL,
      last_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`)
  const add = db.prepare(
    `INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (root) DO UPDATE SET answers = answers + excluded.answers,
     http_bytes = http_bytes + excluded.http_bytes, bitswap_bytes = bitswap_bytes + excluded.bitswap_bytes,
     last_ms = excluded.last_ms`,
  )
  const count = db.prepare(`SELECT count(*) AS rows FROM traffic WHERE root <> '${OTHERS}'`)
  const least = db.prepare(
    `SELECT * FROM traffic WHERE root <> '${OTHERS}' ORDER BY http_bytes + bitswap_bytes, last_ms LIMIT ?`,
  )
  const most = db.prepare(
    `SELECT * FROM traffic WHERE root <> '${OTHERS}' ORDER BY http_bytes + bitswap_bytes DESC, root LIMIT ?`,
  )
  const others = db.prepare(`SELECT * FROM traffic WHERE root = '${OTHERS}'`)
  const remove = db.prepare('DELETE FROM traffic WHERE root = ?')
  let unsaved = new Map<string, Counted>()

  function save(): void {
    if (unsaved.size === 0) return
    const atMs = nowMs()
    inTransaction(db, () => {
      for (const [root, { answers, http, bitswap }] of unsaved) add.run(root, answers, http, bitswap, atMs, atMs)
      makeRoom()
    })
    unsaved = new Map()
  }

  function makeRoom(): void {
    const rows = Number(count.get()?.rows)
    if (rows <= rowsMax) return
    for (const row of least.all(rows - rowsMax + Math.floor(rowsMax / ROOM_SHARE)).map(toRow)) {
      add.run(OTHERS, row.answers, row.httpBytes, row.bitswapBytes, row.firstMs, row.lastMs)
      remove.run(row.root)
    }
  }

  return {
    count(root, way, bytes) {
      const known = unsaved.has(root) || unsaved.size < UNSAVED_MAX ? root : OTHERS
      const row = unsaved.get(known) ?? { answers: 0, http: 0, bitswap: 0 }
      row.answers += 1
      row[way] += bytes
      unsaved.set(known, row)
    },
    report(countMax) {
      save()
      const rest = others.get()
      const { answers, httpBytes, bitswapBytes } = rest === undefined ? nothing : toRow(rest)
      return { roots: most.all(countMax).map(toRow), others: { answers, httpBytes, bitswapBytes } }
    },
    save,
  }
}

const nothing = { answers: 0, httpBytes: 0, bitswapBytes: 0 }

function toRow(row: Record<string, unknown>): TrafficRow {
  return {
    root: String(row.root),
    answers: Number(row.answers),
    httpBytes: Number(row.http_bytes),
    bitswapBytes: Number(row.bitswap_bytes),
    firstMs: Number(row.first_ms),
    lastMs: Number(row.last_ms),
  }
}
