/** The state of a block put into an empty file as a whole, in one transaction: what a snapshot is imported with. */

import type { DatabaseSync } from 'node:sqlite'
import { fromHex } from '@granary/base'
import { keyNumber } from '@granary/protocol/records'
import type { BlockRecord, DealKeys } from './records.ts'

export function restoreState(
  database: DatabaseSync,
  dealKeys: (deal: number) => DealKeys,
  block: BlockRecord,
  state: Iterable<readonly [string, Uint8Array | null]>,
): void {
  const insertState = database.prepare('INSERT INTO state (key, value) VALUES (?, ?)')
  const insertDeal = database.prepare(
    'INSERT INTO deals (deal, piece_cid, root_cid, client, provider) VALUES (?, ?, ?, ?, ?)',
  )
  const insertBlock = database.prepare(
    'INSERT INTO blocks (height, time_ms, hash, app_hash, event_count, signature, header) VALUES (?, ?, ?, ?, 0, ?, ?)',
  )
  database.exec('BEGIN IMMEDIATE')
  try {
    if (database.prepare('SELECT 1 FROM blocks').get() !== undefined) throw new Error('this file has blocks already')
    const deals: number[] = []
    for (const [key, value] of state) {
      if (value === null) continue
      insertState.run(key, value)
      const [table, id] = key.split('/')
      if (table === 'deal') deals.push(keyNumber(id))
    }
    for (const deal of deals.map(dealKeys)) {
      insertDeal.run(deal.deal, deal.pieceCid, deal.rootCid ?? null, deal.client, deal.provider)
    }
    const [hash, appHash] = [block.hash, block.appHash].map((text) => fromHex(text))
    insertBlock.run(block.height, block.timeMs, hash!, appHash!, block.signature, block.header)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
