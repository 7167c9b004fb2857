/**
 * Drops the bytes of old proofs, which are most of a chain's history: a block stays verifiable by their SHA-256, which its
 * header is bound to, but can no longer be executed again. docs/spec/chain.md section 7.
 */
import type { DatabaseSync } from 'node:sqlite'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesOf } from './create-state-reader.ts'

const BLOCKS_A_PART = 1_000

export function dropProofs(database: DatabaseSync, from: number, to: number): number {
  const proofs = database.prepare(
    `SELECT height, idx FROM txs
     WHERE height >= ? AND height < ? AND kind IN ('SubmitPost', 'ProveCommitSector') AND bytes IS NOT NULL`,
  )
  const read = database.prepare('SELECT bytes FROM txs WHERE height = ? AND idx = ?')
  const drop = database.prepare('UPDATE txs SET bytes = NULL, bytes_sha256 = ? WHERE height = ? AND idx = ?')
  let dropped = 0
  // In parts, so that no transaction grows without bound.
  for (let first = from; first < to; first += BLOCKS_A_PART) {
    const due = proofs.all(first, Math.min(to, first + BLOCKS_A_PART))
    if (due.length === 0) continue
    database.exec('BEGIN IMMEDIATE')
    // One proof in memory at a time: a part may hold gigabytes of them.
    for (const row of due) {
      const place = [Number(row.height), Number(row.idx)] as const
      drop.run(sha256(bytesOf(read.get(...place)?.bytes)), ...place)
    }
    database.exec('COMMIT')
    dropped += due.length
  }
  return dropped
}
