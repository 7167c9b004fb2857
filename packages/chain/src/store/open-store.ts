/** The node's store: the state that the machine reads, the history that the RPC answers from, and one way to write. */

import type { DatabaseSync } from 'node:sqlite'
import { fromHex, toHex } from '@granary/base'
import type { ChainEvent } from '@granary/protocol/events'
import type { Hash, MessageName } from '@granary/protocol/messages'
import { sha256 } from '@noble/hashes/sha2.js'
import type { StateReader } from '../state/index.ts'
import { bytesOf, createStateReader } from './create-state-reader.ts'
import { rootKey } from './deal-keys.ts'
import { dropProofs } from './drop-proofs.ts'
import { openDatabase, orClosed } from './open-database.ts'
import { pruneHistory } from './prune-history.ts'
import { readAt } from './read-at.ts'
import type { BlockCommit, BlockRecord, DealFilter, DealKeys, EventPosition, EventRecord, TxRecord } from './records.ts'
import { beginRestoration, type Restoration } from './restore-state.ts'
import { createBlockWriter } from './write-block.ts'

export interface StoredTx extends TxRecord {
  readonly height: number
  readonly index: number
}

export interface Store {
  readonly path: string
  readonly reader: StateReader
  commitBlock(commit: BlockCommit): void
  /** Moves what the commits have put into the write-ahead log to its place: work that no commit need wait for. */
  clearLog(): void
  /** Begins to put another state in the place of this one, with all that belongs to it. */
  restoration(): Restoration
  /** Drops blocks, transactions and events below that height; the state stays. @returns how many blocks were dropped */
  prune(height: number): number
  /** The lowest block that is there. */
  firstHeight(): number | undefined
  /** What SQLite itself finds wrong with the file; empty when nothing is. */
  faults(): string[]
  head(): BlockRecord | undefined
  block(height: number): BlockRecord | undefined
  txsOf(height: number): StoredTx[]
  tx(id: Hash): StoredTx | undefined
  /** The transactions of a block as they were sent; undefined for one whose proof was dropped. */
  txBytesOf(height: number): (Uint8Array | undefined)[]
  /** SHA-256 of each transaction of a block, which its header is bound to; also of those that were dropped. */
  txDigestsOf(height: number): Uint8Array[]
  /** Drops the bytes of proofs from one block to another, that one excluded. @returns how many were dropped */
  dropProofs(from: number, to: number): number
  eventsOfTx(height: number, index: number): ChainEvent[]
  /** Events behind a position, in order, at most `limit`. */
  eventsAfter(position: EventPosition, limit: number): EventRecord[]
  eventCountOf(height: number): number
  /** Ids of deals behind `after`, ascending; every given key must match. */
  findDeals(filter: DealFilter, after: number, limit: number): number[]
  /** The keys that the last block wrote or removed. */
  lastWritten(): string[]
  /** What a block replaced in the state: the keys that it wrote, each with what stood there before. */
  replacedBy(height: number): readonly (readonly [key: string, value: Uint8Array | undefined])[]
  /** The state as it was after that block; undefined when it is not kept. Good until the next block. */
  readerAt(height: number): StateReader | undefined
  close(): void
}

export interface OpenStoreOptions {
  readonly path: string
  /** Reads the index entry of a new deal out of the state. */
  readonly dealKeys: (reader: StateReader, deal: number) => DealKeys
}

/** @throws HomeLockedError, StoreVersionError, StoreCorruptError */
export function openStore({ path, dealKeys }: OpenStoreOptions): Store {
  const database = openDatabase(path)
  const [reader, statements] = orClosed(
    database,
    path,
    () => [createStateReader(database), prepareReads(database)] as const,
  )
  return {
    path,
    reader,
    commitBlock: createBlockWriter(database, (deal) => dealKeys(reader, deal)),
    clearLog: () => database.exec('PRAGMA wal_checkpoint'),
    restoration: () => beginRestoration(database, (deal) => dealKeys(reader, deal)),
    prune: (height) => pruneHistory(database, height),
    firstHeight() {
      const height = database.prepare('SELECT min(height) AS height FROM blocks').get()?.height
      return typeof height === 'number' ? height : undefined
    },
    faults: () =>
      database
        .prepare('PRAGMA integrity_check')
        .all()
        .map((row) => String(row.integrity_check))
        .filter((line) => line !== 'ok'),
    head: () => blockOf(statements.head.get()),
    block: (height) => blockOf(statements.block.get(height)),
    txsOf: (height) => statements.txsOf.all(height).map(txOf),
    tx(id) {
      const row = statements.tx.get(fromHex(id))
      return row === undefined ? undefined : txOf(row)
    },
    txBytesOf: (height) =>
      statements.txBytesOf.all(height).map((row) => (row.bytes === null ? undefined : bytesOf(row.bytes))),
    txDigestsOf: (height) =>
      statements.txBytesOf
        .all(height)
        .map((row) => (row.bytes === null ? bytesOf(row.bytes_sha256) : sha256(bytesOf(row.bytes)))),
    dropProofs: (from, to) => dropProofs(database, from, to),
    eventsOfTx: (height, index) => statements.eventsOfTx.all(height, index).map((row) => eventOf(row)),
    eventsAfter: ({ height, index }, limit) =>
      statements.eventsAfter
        .all(height, index, limit)
        .map((row) => ({ height: Number(row.height), index: Number(row.idx), event: eventOf(row) })),
    eventCountOf: (height) => Number(statements.eventCountOf.get(height)?.event_count ?? 0),
    findDeals: (filter, after, limit) => findDeals(database, filter, after, limit),
    lastWritten: () => statements.lastWritten.all().map((row) => String(row.key)),
    replacedBy: (height) =>
      statements.replacedBy
        .all(height)
        .map(({ key, value }) => [String(key), value === null ? undefined : bytesOf(value)] as const),
    readerAt: (height) => readAt(database, reader, height),
    close() {
      if (database.isOpen) database.close()
    },
  }
}

type Row = Record<string, unknown>

const BLOCK_COLUMNS = 'height, time_ms, hash, app_hash, signature, header, report'
const TX_COLUMNS = 'height, idx, id, kind, code, message, hint, fee, execution_ms'

function prepareReads(database: DatabaseSync) {
  return {
    head: database.prepare(`SELECT ${BLOCK_COLUMNS} FROM blocks ORDER BY height DESC LIMIT 1`),
    block: database.prepare(`SELECT ${BLOCK_COLUMNS} FROM blocks WHERE height = ?`),
    txsOf: database.prepare(`SELECT ${TX_COLUMNS} FROM txs WHERE height = ? ORDER BY idx`),
    tx: database.prepare(`SELECT ${TX_COLUMNS} FROM txs WHERE id = ?`),
    txBytesOf: database.prepare('SELECT bytes_sha256, bytes FROM txs WHERE height = ? ORDER BY idx'),
    eventsOfTx: database.prepare('SELECT data FROM events WHERE height = ? AND tx_idx = ? ORDER BY idx'),
    eventsAfter: database.prepare(
      'SELECT height, idx, data FROM events WHERE (height, idx) > (?, ?) ORDER BY height, idx LIMIT ?',
    ),
    eventCountOf: database.prepare('SELECT event_count FROM blocks WHERE height = ?'),
    replacedBy: database.prepare('SELECT key, value FROM undo WHERE height = ?'),
    lastWritten: database.prepare('SELECT key FROM undo WHERE height = (SELECT max(height) FROM blocks) ORDER BY key'),
  }
}

function findDeals(database: DatabaseSync, filter: DealFilter, after: number, limit: number): number[] {
  const columns = {
    piece_cid: filter.pieceCid,
    root_cid: filter.rootCid === undefined ? undefined : rootKey(filter.rootCid),
    client: filter.client,
    provider: filter.provider,
  }
  const given = Object.entries(columns).filter((entry): entry is [string, string | number] => entry[1] !== undefined)
  const among = filter.ids === undefined ? [] : [`deal IN (${filter.ids.map(() => '?').join(', ')})`]
  const conditions = ['deal > ?', ...given.map(([column]) => `${column} = ?`), ...among].join(' AND ')
  return database
    .prepare(`SELECT deal FROM deals WHERE ${conditions} ORDER BY deal LIMIT ?`)
    .all(after, ...given.map(([, value]) => value), ...(filter.ids ?? []), limit)
    .map((row) => Number(row.deal))
}

function blockOf(row: Row | undefined): BlockRecord | undefined {
  if (row === undefined) return undefined
  return {
    height: Number(row.height),
    timeMs: Number(row.time_ms),
    hash: hashOf(row.hash),
    header: bytesOf(row.header),
    signature: bytesOf(row.signature),
    appHash: hashOf(row.app_hash),
    ...(row.report === null ? {} : { report: bytesOf(row.report) }),
  }
}

function txOf(row: Row): StoredTx {
  return {
    height: Number(row.height),
    index: Number(row.idx),
    id: row.id === null ? null : hashOf(row.id),
    // Only the writer of this file's transaction puts a kind here.
    kind: String(row.kind) as MessageName,
    code: String(row.code),
    ...(row.message === null ? {} : { message: String(row.message) }),
    ...(row.hint === null ? {} : { hint: String(row.hint) }),
    fee: BigInt(String(row.fee)),
    executionMs: Number(row.execution_ms),
  }
}

function eventOf(row: Row): ChainEvent {
  return JSON.parse(String(row.data)) as ChainEvent
}

function hashOf(value: unknown): Hash {
  return toHex(bytesOf(value))
}
