/**
 * A manifest on the disk, in SQLite: what was read, block by block and in order, with the places of the leaves and the cuts.
 * About 150 MB for each TiB of chunks; memory does not grow with it. It is not made to survive a power cut while it is
 * written: whoever needs it syncs it then, and one that is not whole is never opened.
 */
import { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import type { BlockContent, BlockPlace, BlockTable } from '../manifest/block-table.ts'
import type { PieceCut } from '../manifest/cut-pieces.ts'
import type { DagManifest } from '../manifest/read-manifest.ts'
import type { FileSeen } from './path-tree.ts'

const CACHE_KIB = 16_384
const SCHEMA_VERSION = 1

const SCHEMA = `
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY, cid BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
  file INTEGER, place INTEGER, length INTEGER, bytes BLOB
) STRICT;
CREATE TABLE placed (
  position INTEGER PRIMARY KEY, block INTEGER NOT NULL UNIQUE, parent INTEGER, start INTEGER NOT NULL
) STRICT;
CREATE TABLE files (number INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER NOT NULL, mtime TEXT NOT NULL) STRICT;
CREATE TABLE cuts (
  piece INTEGER PRIMARY KEY, first INTEGER NOT NULL, ends INTEGER NOT NULL,
  payload INTEGER NOT NULL, padded INTEGER NOT NULL
) STRICT;
CREATE TABLE manifest (root BLOB NOT NULL, bytes INTEGER NOT NULL) STRICT;
PRAGMA user_version = ${SCHEMA_VERSION};
`

export interface ManifestFile extends Disposable {
  readonly table: BlockTable
  /** The next one, in the order in which the tree's files are read. */
  addFile(file: FileSeen): void
  file(number: number): FileSeen
  /** What was read is whole: from now on the file can be opened. */
  save(manifest: DagManifest): void
  readonly root: CID
  /** Undefined: there are not so many. */
  cut(piece: number): PieceCut | undefined
}

/** @param path of a file that is not there */
export function createManifestFile(path: string): ManifestFile {
  const database = new DatabaseSync(path)
  // A draft that a kill leaves is thrown away, so nothing is gained by a journal.
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KIB}`)
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; BEGIN; ${SCHEMA}`)
  return manifestOver(database)
}

/** @throws the errors of SQLite for a file that is not there, or not whole */
export function openManifestFile(path: string): ManifestFile {
  return manifestOver(new DatabaseSync(path, { readOnly: true }))
}

type Row = Readonly<Record<string, unknown>>

function manifestOver(database: DatabaseSync): ManifestFile {
  const addFile = database.prepare('INSERT INTO files VALUES (?, ?, ?, ?)')
  const file = database.prepare('SELECT path, bytes, mtime FROM files WHERE number = ?')
  let files = 0
  return {
    table: tableOver(database),
    addFile(seen) {
      addFile.run(files, seen.path, seen.bytes, `${seen.mtimeNs}`)
      files += 1
    },
    file(number) {
      const { path, bytes, mtime } = rowOf(file.get(number))
      return { path: String(path), bytes: Number(bytes), mtimeNs: BigInt(String(mtime)) }
    },
    save({ root, fileBytes, cuts }) {
      const addCut = database.prepare('INSERT INTO cuts VALUES (?, ?, ?, ?, ?)')
      for (const [piece, { first, end, payloadSize, pieceSize }] of cuts.entries())
        addCut.run(piece, first, end, payloadSize, pieceSize)
      database.prepare('INSERT INTO manifest VALUES (?, ?)').run(root.bytes, fileBytes)
      database.exec('COMMIT')
    },
    get root() {
      return CID.decode(bytesOf(rowOf(database.prepare('SELECT root FROM manifest').get()).root))
    },
    cut(piece) {
      const row = database.prepare('SELECT first, ends, payload, padded FROM cuts WHERE piece = ?').get(piece)
      if (row === undefined) return undefined
      const { first, ends, payload, padded } = row
      return { first: Number(first), end: Number(ends), payloadSize: Number(payload), pieceSize: Number(padded) }
    },
    [Symbol.dispose]: () => database.close(),
  }
}

function tableOver(database: DatabaseSync): BlockTable {
  const add = database.prepare(
    'INSERT OR IGNORE INTO blocks (cid, size, file, place, length, bytes) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const named = database.prepare('SELECT id, size, bytes FROM blocks WHERE cid = ?')
  const place = database.prepare('INSERT OR IGNORE INTO placed VALUES (?, ?, ?, ?)')
  const at = database.prepare(
    'SELECT cid, size, file, place, length, bytes, parent, start FROM placed JOIN blocks ON id = block WHERE position = ?',
  )
  const placeAt = database.prepare(
    'SELECT cid, size, parent, start FROM placed JOIN blocks ON id = block WHERE position = ?',
  )
  const startAt = database.prepare('SELECT start FROM placed WHERE position = ?')
  let length = Number(rowOf(database.prepare('SELECT count(*) AS blocks FROM placed').get()).blocks)
  return {
    add(block) {
      const leaf = 'place' in block ? block.place : undefined
      const bytes = 'bytes' in block ? block.bytes : null
      const { file = null, offset = null, length: leafBytes = null } = leaf ?? {}
      add.run(block.cid.bytes, block.blockBytes, file, offset, leafBytes, bytes)
    },
    place(cid, { parent = null, start }) {
      const { id, size, bytes } = rowOf(named.get(cid.bytes))
      if (place.run(length, Number(id), parent, start).changes === 0) return undefined
      length += 1
      return {
        position: length - 1,
        blockBytes: Number(size),
        bytes: bytes === null ? undefined : bytesOf(bytes),
      }
    },
    get length() {
      return length
    },
    at(position) {
      const row = rowOf(at.get(position))
      return { ...placeOf(row), ...contentOf(row) }
    },
    placeAt: (position) => placeOf(rowOf(placeAt.get(position))),
    startAt: (position) => Number(rowOf(startAt.get(position)).start),
  }
}

function placeOf({ cid, size, parent, start }: Row): BlockPlace {
  return {
    cid: CID.decode(bytesOf(cid)),
    blockBytes: Number(size),
    parent: parent === null ? undefined : Number(parent),
    start: Number(start),
  }
}

function contentOf({ file, place, length, bytes }: Row): BlockContent {
  if (bytes !== null) return { bytes: bytesOf(bytes) }
  return { place: { file: Number(file), offset: Number(place), length: Number(length) } }
}

function rowOf(row: Row | undefined): Row {
  if (row === undefined) throw new RangeError('the manifest has no such row')
  return row
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError('the manifest has no bytes there')
  return value
}
