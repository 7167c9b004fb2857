/** Stores a block that has been executed, with its results, events and writes, in one step: whoever made it. */
import { encodeRecord } from '@granary/protocol/codec'
import type { SignedHeader } from '@granary/protocol/header'
import { type Block, engineReport, type FinalizedBlock } from '../../state/index.ts'
import type { Store } from '../../store/open-store.ts'

export interface ExecutedBlock {
  readonly block: Block
  readonly header: SignedHeader
  readonly finalized: FinalizedBlock
  /** What a transaction took to check and execute. @default nothing is known */
  readonly elapsedMs?: (bytes: Uint8Array) => number
}

export function commitBlock(store: Store, { block, header, finalized, elapsedMs = () => 0 }: ExecutedBlock): void {
  const { height, timeMs, txs, report } = block
  if (finalized.results.length !== txs.length)
    throw new Error(`${txs.length} transactions gave ${finalized.results.length} results`)
  store.commitBlock({
    block: {
      height,
      timeMs,
      hash: header.hash,
      header: header.bytes,
      signature: header.signature,
      appHash: finalized.appHash,
      report: report && encodeRecord(engineReport, report),
    },
    txs: txs.map((bytes, index) => ({ ...finalized.results[index]!, bytes, executionMs: elapsedMs(bytes) })),
    events: finalized.events,
    writes: finalized.writes,
  })
}
