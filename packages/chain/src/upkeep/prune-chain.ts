/** Drops the history before the last blocks: transactions, events and headers. The state and its proofs stay. */
import { statSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import { STATES_KEPT } from '../store/schema.ts'
import { openChain } from './open-chain.ts'

export interface PruneOptions {
  readonly home: string
  /** Blocks to keep, the head among them; at least 101, for the states that can be proven. */
  readonly keep: number
}

export interface PrunedChain {
  readonly height: number
  readonly firstHeight: number
  readonly dropped: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** A state is proven by the header after it, so one header more. */
export const BLOCKS_KEPT_MIN: number = STATES_KEPT + 1

/** @throws GranaryError HOME_MISSING, HOME_LOCKED, PRUNE_TOO_FAR */
export function pruneChain({ home, keep }: PruneOptions): PrunedChain {
  assertKept(keep)
  const { store, head } = openChain(home)
  const bytesBefore = statSync(store.path).size
  const dropped = prune()
  return { height: head.height, ...dropped, bytesBefore, bytesAfter: statSync(store.path).size }

  function prune(): { dropped: number; firstHeight: number } {
    try {
      return {
        dropped: store.prune(Math.max(0, head.height - keep + 1)),
        firstHeight: store.firstHeight() ?? head.height,
      }
    } finally {
      store.close()
    }
  }
}

/** @throws GranaryError PRUNE_TOO_FAR */
export function assertKept(keep: number): void {
  if (!Number.isSafeInteger(keep) || keep < BLOCKS_KEPT_MIN) throw new PruneTooFarError(keep)
}

class PruneTooFarError extends GranaryError {
  constructor(keep: number) {
    super({
      code: 'PRUNE_TOO_FAR',
      message: `${keep} blocks are too few to keep`,
      hint: `keep at least ${BLOCKS_KEPT_MIN}: the states of the last ${STATES_KEPT} are proven by the headers after them`,
      details: { keep, min: BLOCKS_KEPT_MIN },
    })
  }
}
