/**
 * The epoch as of which lists are frozen for a draw. It lies so far before the draw that nobody who added, declared or
 * asked for something could know the draw. docs/spec/chain.md section 3.
 */
import type { Epoch } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/**
 * The greatest f ≤ epoch − cutoff with t(f + 1) + seedMargin ≤ t(epoch − 1). A margin of 0, as on a devnet, asks nothing of
 * times.
 * @param before that of the draw before: it never falls, so that what left a list can be forgotten
 */
export function frozenAtOf(
  store: StateReader,
  { cutoff, seedMarginMs }: Pick<ChainParams, 'cutoff' | 'seedMarginMs'>,
  epoch: Epoch,
  before: Epoch,
): Epoch {
  const latest = epoch - cutoff
  if (seedMarginMs === 0) return Math.max(before, latest)
  const untilMs = timeOf(store, epoch - 1) - seedMarginMs
  let frozenAt = before
  while (frozenAt < latest && timeOf(store, frozenAt + 2) <= untilMs) frozenAt += 1
  return frozenAt
}

/** The header time of an epoch. One that is no longer kept lies so far back that 0 does as well. */
function timeOf(store: StateReader, epoch: Epoch): number {
  return tables.epochs.get(store, epoch)?.timeMs ?? 0
}
