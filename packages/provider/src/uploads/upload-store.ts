/**
 * Uploads that are under way, one row each: whose they are, what they will be and when they began. tus keeps its own
 * record of an upload here too (its configstore), so that there is one truth, written atomically.
 */
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Address } from '@granary/protocol/messages'

export interface UploadRow {
  readonly uploadId: string
  readonly client: Address
  readonly quoteId: string
  readonly sizeBytes: number
  readonly createdAtMs: number
}

/** What tus remembers of an upload. */
export interface TusRecord {
  readonly size?: number | undefined
  readonly metadata?: Record<string, string | null> | undefined
  readonly creation_date?: string | undefined
}

export interface UploadStore {
  open(upload: Omit<UploadRow, 'uploadId' | 'createdAtMs'>): UploadRow
  find(uploadId: string): UploadRow | undefined
  remove(uploadId: string): void
  all(): UploadRow[]
  openedBefore(timeMs: number): UploadRow[]
  usageOf(client: Address): { uploads: number; bytes: number }
  ofClient(client: Address): UploadRow[]
  /** Takes the room for its bytes up to `end`: before they are written, and for those that a start finds. */
  reserve(uploadId: string, end: number): void
  reservedOf(uploadId: string): number
  /** Of all uploads that are open. */
  reservedBytes(): number
  tusRecord(uploadId: string): TusRecord | undefined
  setTusRecord(uploadId: string, record: TusRecord): void
}

export function createUploadStore(db: DatabaseSync, nowMs: () => number = Date.now): UploadStore {
  db.exec(`
    CREATE TABLE IF NOT EXISTS uploads (
      upload_id TEXT PRIMARY KEY,
      client TEXT NOT NULL,
      quote_id TEXT NOT NULL,
      size_bytes INTEGER NOT NULL,
      created_at_ms INTEGER NOT NULL,
      tus_record TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS uploads_by_client ON uploads (client);
  `)
  // Earlier releases were told the piece CID when an upload began.
  const columns = db.prepare('PRAGMA table_info(uploads)').all()
  if (columns.some(({ name }) => name === 'piece_cid')) db.exec('ALTER TABLE uploads DROP COLUMN piece_cid')
  const insert = db.prepare(
    'INSERT INTO uploads (upload_id, client, quote_id, size_bytes, created_at_ms) VALUES (?, ?, ?, ?, ?)',
  )
  const byId = db.prepare('SELECT * FROM uploads WHERE upload_id = ?')
  const remove = db.prepare('DELETE FROM uploads WHERE upload_id = ?')
  const before = db.prepare('SELECT * FROM uploads WHERE created_at_ms < ?')
  const usage = db.prepare(
    'SELECT count(*) AS uploads, coalesce(sum(size_bytes), 0) AS bytes FROM uploads WHERE client = ?',
  )
  const byClient = db.prepare('SELECT * FROM uploads WHERE client = ?')
  const ids = db.prepare('SELECT upload_id FROM uploads')
  // By upload: what its file may have by now. An agreement ends uploads too, so rows say which still count.
  const reserved = new Map<string, number>()
  const setRecord = db.prepare('UPDATE uploads SET tus_record = ? WHERE upload_id = ?')

  return {
    open: (upload) => {
      const row = { ...upload, uploadId: randomBytes(16).toString('hex'), createdAtMs: nowMs() }
      insert.run(row.uploadId, row.client, row.quoteId, row.sizeBytes, row.createdAtMs)
      return row
    },
    find: (uploadId) => {
      const row = byId.get(uploadId)
      return row === undefined ? undefined : toUpload(row)
    },
    remove: (uploadId) => {
      remove.run(uploadId)
    },
    all: () => before.all(Number.MAX_SAFE_INTEGER).map(toUpload),
    openedBefore: (timeMs) => before.all(timeMs).map(toUpload),
    usageOf: (client) => {
      const row = usage.get(client)
      return { uploads: Number(row?.uploads), bytes: Number(row?.bytes) }
    },
    ofClient: (client) => byClient.all(client).map(toUpload),
    reserve: (uploadId, end) => {
      reserved.set(uploadId, Math.max(end, reserved.get(uploadId) ?? 0))
    },
    reservedOf: (uploadId) => reserved.get(uploadId) ?? 0,
    reservedBytes: () => {
      const open = new Set(ids.all().map((row) => String(row.upload_id)))
      for (const uploadId of reserved.keys()) if (!open.has(uploadId)) reserved.delete(uploadId)
      return reserved.values().reduce((sum, bytes) => sum + bytes, 0)
    },
    tusRecord: (uploadId) => {
      const text = byId.get(uploadId)?.tus_record
      return typeof text === 'string' ? (JSON.parse(text) as TusRecord) : undefined
    },
    setTusRecord: (uploadId, record) => {
      setRecord.run(JSON.stringify(record), uploadId)
    },
  }
}

function toUpload(row: Record<string, unknown>): UploadRow {
  return {
    uploadId: String(row.upload_id),
    client: String(row.client) as Address,
    quoteId: String(row.quote_id),
    sizeBytes: Number(row.size_bytes),
    createdAtMs: Number(row.created_at_ms),
  }
}
