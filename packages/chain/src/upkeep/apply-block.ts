/** Executes a block that another node made, and stores it as it was: what an import and a replay do. */
import { decodeRecord } from '@granary/protocol/codec'
import { commitBlock } from '../engine/commit/commit-block.ts'
import { engineReport, type FinalizedBlock, type StateMachine } from '../state/index.ts'
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
  const { height, timeMs, report: said } = block
  const report = said && decodeRecord(engineReport, said)
  const executed = { height, timeMs, txs, report }
  const finalized = machine.finalizeBlock(executed)
  const { header: bytes, hash, signature } = block
  commitBlock(store, { block: executed, header: { bytes, hash, signature }, finalized })
  return finalized
}
