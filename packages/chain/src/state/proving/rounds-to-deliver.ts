/** Which beacon rounds the next block could bring: docs/spec/chain.md, section 6. */

import { keyNumber } from '@granary/protocol/records'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/**
 * The round of the next epoch first, because challenges do not wait; then those that earlier epochs still wait for, the
 * oldest first.
 * @param next R(h) of the next epoch
 */
export function roundsToDeliver(reader: StateReader, next: number, limit: number): number[] {
  const rounds = tables.rounds.get(reader, next) === undefined ? [next] : []
  for (const { parts } of tables.wantedRounds.entries(reader, [])) {
    if (rounds.length >= limit) break
    const round = keyNumber(parts[0])
    if (round !== next) rounds.push(round)
  }
  return rounds
}
