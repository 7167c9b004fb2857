/** What the store keeps of a block. */

import type { ChainEvent } from '@granary/protocol/events'
import type { Hash, MessageName } from '@granary/protocol/messages'

export interface TxRecord {
  /** null for what has no sender, such as a beacon entry. */
  readonly id: Hash | null
  readonly kind: MessageName
  readonly code: string
  readonly message?: string
  readonly hint?: string
  readonly fee: bigint
  /** Measured on this node, not part of consensus. */
  readonly executionMs: number
}

export interface BlockRecord {
  readonly height: number
  readonly timeMs: number
  readonly hash: Hash
  /** Canonical bytes of the header, and the validator's signature over their hash. */
  readonly header: Uint8Array
  readonly signature: Uint8Array
  /** What the engine said of its validators, encoded; absent where one signs alone. */
  readonly report?: Uint8Array | undefined
  /** The state after this block; it stands in the next header. */
  readonly appHash: Hash
}

/** Where an event stands: all of a block's events are numbered from 0, those of its transactions first. */
export interface EventPosition {
  readonly height: number
  readonly index: number
}

export interface EventRecord extends EventPosition {
  readonly event: ChainEvent
}

/** By what a deal can be found. */
export interface DealKeys {
  readonly deal: number
  readonly pieceCid: string
  readonly rootCid?: string
  readonly client: string
  readonly provider: number
}

export interface DealFilter {
  readonly pieceCid?: string | undefined
  readonly rootCid?: string | undefined
  readonly client?: string | undefined
  readonly provider?: number | undefined
  readonly ids?: readonly number[] | undefined
}

/** Everything one block changes. */
export interface BlockCommit {
  readonly block: BlockRecord
  readonly txs: readonly (TxRecord & { readonly bytes: Uint8Array; readonly events: readonly ChainEvent[] })[]
  /** Of the block itself, not of a transaction. */
  readonly events: readonly ChainEvent[]
  readonly writes: ReadonlyMap<string, Uint8Array | null>
}
