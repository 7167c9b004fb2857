/**
 * What an engine does with a block that it has executed, whoever agreed on it: stores it, drops the proofs that are no longer
 * kept, answers those who wait for what it holds, and tells those who follow the blocks.
 */
import type { GranaryError } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'
import type { Store } from '../../store/open-store.ts'
import { commitBlock, type ExecutedBlock } from './commit-block.ts'
import { createWaitList } from './wait-list.ts'

export interface CommitterParts {
  readonly store: Store
  /** Blocks whose proofs are kept, the head's among them. @default all */
  readonly keepProofs?: number | undefined
}

export interface Committer {
  commit(executed: ExecutedBlock): void
  /** To those who wait and who listen, when the engine itself is done with the block. */
  announce(height: number, included: readonly Hash[]): void
  /** Resolves when the transaction stands in a committed block. */
  waitFor(id: Hash, signal: AbortSignal | undefined): Promise<void>
  /** It will not be in a block. */
  giveUp(id: Hash, why: GranaryError): void
  /** There will be no more blocks. */
  end(why: GranaryError): void
  /** Calls back after each block; returns how to end that. */
  onBlock(listener: (height: number) => void): () => void
}

export function createCommitter({ store, keepProofs }: CommitterParts): Committer {
  const waiters = createWaitList()
  const listeners = new Set<(height: number) => void>()
  // At the first block all older ones are looked through: the node may have kept more before.
  let proofsFrom = store.firstHeight() ?? 0

  function dropProofs(height: number): void {
    if (keepProofs === undefined) return
    const to = height - keepProofs + 1
    if (to > proofsFrom) store.dropProofs(proofsFrom, to)
    proofsFrom = Math.max(proofsFrom, to)
  }

  return {
    commit(executed) {
      commitBlock(store, executed)
      dropProofs(executed.block.height)
    },
    announce(height, included) {
      for (const id of included) waiters.resolve(id)
      for (const listener of listeners) listener(height)
    },
    waitFor: waiters.wait,
    giveUp: waiters.reject,
    end: waiters.rejectAll,
    onBlock(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
