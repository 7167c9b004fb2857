/**
 * Another state in the place of the store's: what an import and a state sync do. It is laid down beside the one that is there, in
 * parts, and takes its place in one transaction; until then nothing has changed, and what a kill leaves behind is thrown away.
 */

import type { DatabaseSync } from 'node:sqlite'
import { fromHex } from '@granary/base'
import { keyNumber, recordTables } from '@granary/protocol/records'
import type { BlockRecord, DealKeys } from './records.ts'
import { STATE_COLUMNS } from './schema.ts'

const DEALS_A_PART = 1_000

export interface Restoration {
  /** Each key once. */
  add(part: Iterable<readonly [key: string, value: Uint8Array]>): void
  /** What was added is the state from now on, after that block; the blocks before are gone. */
  finish(block: BlockRecord): void
  /** Forgets what was added. */
  cancel(): void
}

export function beginRestoration(database: DatabaseSync, dealKeys: (deal: number) => DealKeys): Restoration {
  dropRestoration(database)
  database.exec(`CREATE TABLE restored_state ${STATE_COLUMNS}`)
  const insertState = database.prepare('INSERT INTO restored_state (key, value) VALUES (?, ?)')

  function inOne(work: () => void): void {
    database.exec('BEGIN IMMEDIATE')
    try {
      work()
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  return {
    add: (part) =>
      inOne(() => {
        for (const [key, value] of part) insertState.run(key, value)
      }),
    finish: (block) =>
      inOne(() => {
        for (const table of ['blocks', 'txs', 'events', 'deals', 'undo']) database.exec(`DELETE FROM ${table}`)
        database.exec('DROP TABLE state; ALTER TABLE restored_state RENAME TO state')
        indexDeals(database, dealKeys)
        const [hash, appHash] = [block.hash, block.appHash].map((text) => fromHex(text))
        database
          .prepare(
            'INSERT INTO blocks (height, time_ms, hash, app_hash, event_count, signature, header) VALUES (?, ?, ?, ?, 0, ?, ?)',
          )
          .run(block.height, block.timeMs, hash!, appHash!, block.signature, block.header)
      }),
    cancel: () => dropRestoration(database),
  }
}

/** Of a restoration that was never finished. */
export function dropRestoration(database: DatabaseSync): void {
  database.exec('DROP TABLE IF EXISTS restored_state')
}

function indexDeals(database: DatabaseSync, dealKeys: (deal: number) => DealKeys): void {
  const insert = database.prepare(
    'INSERT INTO deals (deal, piece_cid, root_cid, client, provider) VALUES (?, ?, ?, ?, ?)',
  )
  const first = `${recordTables.deals.name}/`
  const keys = database.prepare('SELECT key FROM state WHERE key > ? AND key < ? ORDER BY key LIMIT ?')
  for (let last = first; ; ) {
    const rows = keys.all(last, `${first}\u{7f}`, DEALS_A_PART).map(({ key }) => String(key))
    for (const key of rows) {
      const { deal, pieceCid, rootCid, client, provider } = dealKeys(keyNumber(key.split('/')[1]))
      insert.run(deal, pieceCid, rootCid ?? null, client, provider)
    }
    if (rows.length < DEALS_A_PART) return
    last = rows.at(-1)!
  }
}
