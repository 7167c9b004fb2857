/**
 * The epoch from whose randomness a sector's seed is drawn: the first, at least `seedDelay` after the pre-commit, whose
 * round nobody could have seen when the replica was committed to, by the times that headers and the beacon have proven.
 * docs/spec/chain.md section 6.
 */
import type { Epoch } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { InvariantError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/**
 * The least s ≥ p + seedDelay with t(s − 1) ≥ max(t(p + 1), what the beacon had proven at p) + seedMargin. A margin of 0,
 * as on a devnet, asks nothing of times.
 * @returns undefined while it is not known, which is until the end of the block before it; or when p is no longer kept
 */
export function seedEpochOf(
  store: StateReader,
  { seedDelay, seedMarginMs }: Pick<ChainParams, 'seedDelay' | 'seedMarginMs'>,
  preCommitEpoch: Epoch,
): Epoch | undefined {
  const earliest = preCommitEpoch + seedDelay
  if (seedMarginMs === 0) return earliest
  const committed = tables.epochs.get(store, preCommitEpoch)
  const next = tables.epochs.get(store, preCommitEpoch + 1)
  const { height } = tables.head.get(store) ?? { height: 0 }
  if (committed === undefined || next === undefined) return undefined
  // t(p) would not do: where several validators agree on a header's time, that time is older than the block.
  const fromMs = Math.max(next.timeMs, committed.provenMs) + seedMarginMs
  if (earliest - 1 > height || timeOf(store, height) < fromMs) return undefined
  let [low, high] = [earliest - 1, height]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (timeOf(store, middle) >= fromMs) high = middle
    else low = middle + 1
  }
  return low + 1
}

function timeOf(store: StateReader, epoch: Epoch): number {
  const record = tables.epochs.get(store, epoch)
  if (record === undefined) throw new InvariantError(`the time of block ${epoch} is not kept`)
  return record.timeMs
}
