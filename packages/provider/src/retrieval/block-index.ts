/**
 * Which block is in which piece, and where: derived from the pieces, so a lost, broken or old file is simply made again.
 * Keyed by multihash, since that is what names bytes; a block may be in several pieces and several times in one.
 */
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parsePieceCid } from '@granary/proofs/verify'
import { inTransaction } from '../storage/in-transaction.ts'

const SCHEMA_VERSION = 1

export interface StoredPiece {
  readonly pieceCid: string
  readonly path: string
  /** Bytes of the file. */
  readonly payloadSize: number
  /** Absent for plain bytes: only /piece serves those. */
  readonly rootCid?: string | undefined
}

export interface IndexEntry {
  readonly multihash: Uint8Array
  readonly offset: number
  readonly length: number
}

export interface BlockPlace extends IndexEntry {
  readonly pieceCid: string
  readonly path: string
}

/** What reading blocks takes. */
export interface BlockPlaces {
  /** Where a block is; several places when it is stored more than once. */
  find(multihash: Uint8Array): BlockPlace[]
  /** Blocks of a piece that begin at `offset` or later, in order. */
  blocksFrom(pieceCid: string, offset: number, countMax: number): IndexEntry[]
}

export interface BlockIndex extends BlockPlaces {
  /** The roots of the pieces that hold a block. */
  rootsOf(multihash: Uint8Array): string[]
  /** A piece by its CID of either version, once it is finished: without its places its bytes cannot be verified. */
  piece(pieceCid: string): StoredPiece | undefined
  pieceCids(): string[]
  /** True when all of this very piece is in the index; its path is brought up to date. */
  holds(piece: StoredPiece): boolean
  /** Forgets what was known of the piece and begins it anew; it counts once it is finished. */
  begin(piece: StoredPiece): void
  add(pieceCid: string, entries: readonly IndexEntry[]): void
  finish(pieceCid: string): void
  remove(pieceCid: string): void
  close(): void
}

/** For another thread, of an index that is open in this process: it never writes. */
export function openBlockPlaces(path: string): BlockPlaces {
  return placesIn(new DatabaseSync(path, { readOnly: true }))
}

function placesIn(db: DatabaseSync): BlockPlaces {
  const find = db.prepare(
    `SELECT multihash, offset, length, piece_cid, path FROM blocks JOIN pieces USING (piece)
     WHERE multihash = ? ORDER BY piece, offset LIMIT 8`,
  )
  const blocks = db.prepare(
    `SELECT multihash, offset, length FROM blocks
     WHERE piece = (SELECT piece FROM pieces WHERE piece_cid = ?) AND offset >= ? ORDER BY offset LIMIT ?`,
  )
  return {
    find: (multihash) =>
      find.all(multihash).map((row) => ({
        ...toEntry(row),
        pieceCid: String(row.piece_cid),
        path: String(row.path),
      })),
    blocksFrom: (pieceCid, offset, countMax) => blocks.all(pieceCid, offset, countMax).map(toEntry),
  }
}

export function openBlockIndex(path: string): BlockIndex {
  const db = openOrMakeAnew(path)
  const select = {
    roots: db.prepare(
      `SELECT DISTINCT root_cid FROM blocks JOIN pieces USING (piece)
       WHERE multihash = ? AND root_cid IS NOT NULL LIMIT 16`,
    ),
    piece: db.prepare(
      `SELECT piece_cid, path, payload_size, root_cid FROM pieces WHERE commitment = ? AND finished = 1 ORDER BY piece`,
    ),
    pieceCids: db.prepare('SELECT piece_cid FROM pieces'),
    holds: db.prepare(
      'SELECT path FROM pieces WHERE piece_cid = ? AND payload_size = ? AND root_cid IS ? AND finished = 1',
    ),
  }
  const change = {
    path: db.prepare('UPDATE pieces SET path = ? WHERE piece_cid = ?'),
    piece: db.prepare(
      'INSERT INTO pieces (piece_cid, commitment, path, payload_size, root_cid, finished) VALUES (?, ?, ?, ?, ?, 0)',
    ),
    block: db.prepare(
      `INSERT INTO blocks (piece, offset, length, multihash)
       VALUES ((SELECT piece FROM pieces WHERE piece_cid = ?), ?, ?, ?)`,
    ),
    finish: db.prepare('UPDATE pieces SET finished = 1 WHERE piece_cid = ?'),
    remove: db.prepare('DELETE FROM pieces WHERE piece_cid = ?'),
  }
  const together = (work: () => void): void => inTransaction(db, work)

  return {
    ...placesIn(db),
    rootsOf: (multihash) => select.roots.all(multihash).map((row) => String(row.root_cid)),
    piece(pieceCid) {
      const parsed = parsePieceCid(pieceCid)
      const found = select.piece.all(parsed.root).map(toPiece)
      // Version 1 does not say how long the payload is: any piece with these padded bytes is the one.
      return parsed.version === 1 ? found[0] : found.find((piece) => piece.pieceCid === pieceCid)
    },
    pieceCids: () => select.pieceCids.all().map((row) => String(row.piece_cid)),
    holds({ pieceCid, payloadSize, rootCid, path: piecePath }) {
      const row = select.holds.get(pieceCid, payloadSize, rootCid ?? null)
      if (row !== undefined && row.path !== piecePath) change.path.run(piecePath, pieceCid)
      return row !== undefined
    },
    begin({ pieceCid, path: piecePath, payloadSize, rootCid }) {
      together(() => {
        change.remove.run(pieceCid)
        change.piece.run(pieceCid, parsePieceCid(pieceCid).root, piecePath, payloadSize, rootCid ?? null)
      })
    },
    add(pieceCid, entries) {
      together(() => {
        for (const { multihash, offset, length } of entries) change.block.run(pieceCid, offset, length, multihash)
      })
    },
    finish(pieceCid) {
      change.finish.run(pieceCid)
    },
    remove(pieceCid) {
      change.remove.run(pieceCid)
    },
    close: () => db.close(),
  }
}

function openOrMakeAnew(path: string): DatabaseSync {
  try {
    const db = open(path)
    if (db !== undefined) return db
  } catch (error) {
    const code = Error.isError(error) ? Reflect.get(error, 'errcode') : undefined
    if (code !== SQLITE_CORRUPT && code !== SQLITE_NOTADB) throw error
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  const db = open(path)
  if (db === undefined) throw new Error(`a new index at ${path} has another schema version`)
  return db
}

const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** Undefined when another version of this program wrote the file. */
function open(path: string): DatabaseSync | undefined {
  const db = new DatabaseSync(path)
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;')
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0)
    if (version !== 0 && version !== SCHEMA_VERSION) {
      db.close()
      return undefined
    }
    db.exec(`
      CREATE TABLE IF NOT EXISTS pieces (
        piece INTEGER PRIMARY KEY,
        piece_cid TEXT NOT NULL UNIQUE,
        commitment BLOB NOT NULL,
        path TEXT NOT NULL,
        payload_size INTEGER NOT NULL,
        root_cid TEXT,
        finished INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS pieces_by_commitment ON pieces (commitment);
      CREATE TABLE IF NOT EXISTS blocks (
        piece INTEGER NOT NULL REFERENCES pieces ON DELETE CASCADE,
        offset INTEGER NOT NULL,
        length INTEGER NOT NULL,
        multihash BLOB NOT NULL,
        PRIMARY KEY (piece, offset)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS blocks_by_multihash ON blocks (multihash);
      PRAGMA user_version = ${SCHEMA_VERSION};
    `)
    return db
  } catch (error) {
    if (db.isOpen) db.close()
    throw error
  }
}

type Row = Record<string, unknown>

function toEntry(row: Row): IndexEntry {
  const { multihash, offset, length } = row
  if (!(multihash instanceof Uint8Array)) throw new TypeError('a row of blocks has no multihash')
  return { multihash, offset: Number(offset), length: Number(length) }
}

function toPiece(row: Row): StoredPiece {
  return {
    pieceCid: String(row.piece_cid),
    path: String(row.path),
    payloadSize: Number(row.payload_size),
    ...(row.root_cid === null ? {} : { rootCid: String(row.root_cid) }),
  }
}
