/** Block, results, events, state and indexes in one SQLite transaction: all of it is there after a kill, or nothing. */

import type { DatabaseSync } from 'node:sqlite'
import { fromHex } from '@granary/base'
import type { ChainEvent } from '@granary/protocol/events'
import type { BlockCommit, DealKeys } from './records.ts'
import { STATES_KEPT } from './schema.ts'

/**
 * @param dealKeys reads the index entry of a new deal; called when the block's state is already readable
 */
export function createBlockWriter(
  database: DatabaseSync,
  dealKeys: (deal: number) => DealKeys,
): (commit: BlockCommit) => void {
  const insertBlock = database.prepare(
    `INSERT INTO blocks (height, time_ms, hash, app_hash, event_count, signature, header, report)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertTx = database.prepare(
    `INSERT INTO txs (height, idx, id, kind, code, message, hint, fee, execution_ms, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertEvent = database.prepare('INSERT INTO events (height, idx, tx_idx, type, data) VALUES (?, ?, ?, ?, ?)')
  const insertDeal = database.prepare(
    'INSERT INTO deals (deal, piece_cid, root_cid, client, provider) VALUES (?, ?, ?, ?, ?)',
  )
  const upsertState = database.prepare(
    'INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  const deleteState = database.prepare('DELETE FROM state WHERE key = ?')
  const insertUndo = database.prepare(
    'INSERT INTO undo (height, key, value) VALUES (?1, ?2, (SELECT value FROM state WHERE key = ?2))',
  )
  const forgetUndo = database.prepare('DELETE FROM undo WHERE height <= ?')

  function writeState({ block, writes }: BlockCommit): void {
    for (const [key, value] of writes) {
      insertUndo.run(block.height, key)
      if (value === null) deleteState.run(key)
      else upsertState.run(key, value)
    }
    forgetUndo.run(block.height - STATES_KEPT)
  }

  function writeTxs({ block, txs, events }: BlockCommit): number {
    let eventCount = 0
    const writeEvent = (event: ChainEvent, txIndex: number | null) => {
      insertEvent.run(block.height, eventCount, txIndex, event.type, JSON.stringify(event))
      eventCount += 1
    }
    for (const [index, tx] of txs.entries()) {
      const id = tx.id === null ? null : fromHex(tx.id)
      const { kind, code, message = null, hint = null, fee, executionMs, bytes } = tx
      insertTx.run(block.height, index, id, kind, code, message, hint, fee.toString(), executionMs, bytes)
      for (const event of tx.events) writeEvent(event, index)
    }
    for (const event of events) writeEvent(event, null)
    return eventCount
  }

  function writeDeals({ txs }: BlockCommit): void {
    for (const event of txs.flatMap((tx) => tx.events)) {
      if (event.type !== 'deal:published') continue
      const keys = dealKeys(event.deal)
      insertDeal.run(keys.deal, keys.pieceCid, keys.rootCid ?? null, keys.client, keys.provider)
    }
  }

  return (commit) => {
    const { height, timeMs, hash, appHash, signature, header, report = null } = commit.block
    database.exec('BEGIN IMMEDIATE')
    try {
      writeState(commit)
      const eventCount = writeTxs(commit)
      writeDeals(commit)
      const hashes = [fromHex(hash), fromHex(appHash)] as const
      insertBlock.run(height, timeMs, ...hashes, eventCount, signature, header, report)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
}
