/** A transaction that waits for a block. */
import type { ErrorCode } from '@granary/base'
import type { Address, Hash, TransactionClass, TransactionName } from '@granary/protocol/messages'
import type { Claim } from '../../state/index.ts'

export interface PendingTx {
  readonly id: Hash
  readonly bytes: Uint8Array
  readonly kind: TransactionName
  readonly sender: Address
  readonly lane: number
  readonly sequence: number
  readonly class: TransactionClass
  /** Its price in units of verification, of which a block has a bounded number. */
  readonly units: number
  readonly claim: Claim
  /** How long the check took that let it in; its proofs have been verified then. */
  readonly checkMs: number
}

/** One that left without a block, and why: its sender is told. */
export interface Dropped {
  readonly tx: PendingTx
  readonly reason: PoolReason
}

export interface PoolReason {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

export interface Room {
  readonly bytes: number
  readonly units: number
}

/** It built on the sequence of one that left. */
export const FELL_WITH_ANOTHER: PoolReason = {
  code: 'SEQUENCE_GAP',
  message: 'one before it in its lane was dropped',
  hint: 'read the sequence of its lane again and send it anew',
}
