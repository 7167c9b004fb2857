/**
 * What happened to each deal, in order, kept for good. Readers hear that there is something new and read it from the
 * table: so a reader never sees what was rolled back, and one that was away misses nothing.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { TimelineEntryJson, TimelineEvent, TimelineType } from '@granary/protocol/events'
import { publicJson } from '../public-text.ts'

export interface Timeline {
  append(agreementId: string, event: TimelineEvent): void
  has(agreementId: string, type: TimelineType): boolean
  /** The next ones after `afterId`, a thousand at most. */
  read(agreementId: string, afterId: number): TimelineEntryJson[]
  /** The newest, a thousand at most, in order. */
  latest(agreementId: string): TimelineEntryJson[]
  /** Calls back after each append to this deal; returns how to stop that. */
  onAppend(agreementId: string, callback: () => void): () => void
}

// These happen to a deal once, but are heard more than once: from the chain's events and again when it is scanned. What a chain
// has forgotten that was rolled back may happen anew.
const onceTypes: ReadonlySet<TimelineType> = new Set<TimelineType>([
  'agreed',
  'published',
  'active',
  'expired',
  'lapsed',
  'terminated',
  'cancelled',
  'offer-expired',
])

export function createTimeline(db: DatabaseSync, nowMs: () => number = Date.now): Timeline {
  db.exec(`
    CREATE TABLE IF NOT EXISTS timeline (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      agreement_id TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      epoch INTEGER,
      type TEXT NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS timeline_by_deal ON timeline (agreement_id, id);
  `)
  const insert = db.prepare('INSERT INTO timeline (agreement_id, at_ms, epoch, type, data) VALUES (?, ?, ?, ?, ?)')
  const exists = db.prepare('SELECT 1 AS found FROM timeline WHERE agreement_id = ? AND type = ? LIMIT 1')
  const again = db.prepare(`
    SELECT 1 AS found FROM timeline WHERE agreement_id = ?1 AND type = ?2
    AND id > (SELECT coalesce(max(id), 0) FROM timeline WHERE agreement_id = ?1 AND type = 'rolled-back') LIMIT 1`)
  const select = db.prepare('SELECT * FROM timeline WHERE agreement_id = ? AND id > ? ORDER BY id LIMIT 1000')
  const newest = db.prepare('SELECT * FROM timeline WHERE agreement_id = ? ORDER BY id DESC LIMIT 1000')
  const listeners = new Map<string, Set<() => void>>()

  return {
    append: (agreementId, event) => {
      if (onceTypes.has(event.type) && again.get(agreementId, event.type) !== undefined) return
      insert.run(agreementId, nowMs(), event.epoch ?? null, event.type, JSON.stringify(event.data ?? {}))
      for (const listener of listeners.get(agreementId) ?? []) queueMicrotask(listener)
    },
    has: (agreementId, type) => exists.get(agreementId, type) !== undefined,
    read: (agreementId, afterId) => select.all(agreementId, afterId).map(toEntry),
    latest: (agreementId) => newest.all(agreementId).map(toEntry).reverse(),
    onAppend: (agreementId, callback) => {
      const of = listeners.get(agreementId) ?? new Set()
      listeners.set(agreementId, of.add(callback))
      return () => {
        of.delete(callback)
        if (of.size === 0) listeners.delete(agreementId)
      }
    },
  }
}

function toEntry(row: Record<string, SQLOutputValue>): TimelineEntryJson {
  const common = { id: Number(row.id), type: String(row.type), atMs: Number(row.at_ms) }
  const epoch = row.epoch === null ? null : Number(row.epoch)
  // The row was written from a TimelineEvent of its type, the message of a failure from an error of any kind.
  return { ...publicJson(JSON.parse(String(row.data))), ...common, epoch } as TimelineEntryJson
}
