/** Executes a block that another node made, and stores it as it was: what an import and a replay do. */
import type { FinalizedBlock, StateMachine } from '../state/index.ts'
import type { Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'

export interface ApplyBlockInput {
  readonly machine: StateMachine
  readonly store: Store
  readonly block: Omit<BlockRecord, 'appHash'>
  readonly txs: readonly Uint8Array[]
}

/** @throws BlockInvalidError, InvariantError when the state machine does not take it; then nothing is stored */
export function applyBlock({ machine, store, block, txs }: ApplyBlockInput): FinalizedBlock {
  const finalized = machine.finalizeBlock({ height: block.height, timeMs: block.timeMs, txs })
  store.commitBlock({
    block: { ...block, appHash: finalized.appHash },
    txs: txs.map((bytes, index) => ({ ...finalized.results[index]!, bytes, executionMs: 0 })),
    events: finalized.events,
    writes: finalized.writes,
  })
  return finalized
}
