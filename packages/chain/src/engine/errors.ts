/** Why a node does not take a transaction, or does not go on. */
import { type ErrorCode, GranaryError } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'
import type { RefusedTx } from '../state/index.ts'

/** The state machine's verdict over a transaction that was sent: its code and hint, unchanged. */
export class TxRefusedError extends GranaryError {
  constructor({ code, message, hint, retryable }: RefusedTx) {
    super({ code, message, hint, retryable })
  }
}

/** MEMPOOL_FULL: too much waits already. */
export class MempoolFullError extends GranaryError {
  constructor(what: string, limit: number) {
    super({
      code: 'MEMPOOL_FULL',
      message: `${what} waiting already (limit ${limit})`,
      hint: 'wait for a block and send it again',
      details: { limit },
    })
  }
}

/** VERIFICATION_BUSY: more signatures and proofs wait for the node's threads than it takes. */
export class VerificationQueueFullError extends GranaryError {
  constructor(limit: number) {
    super({
      code: 'VERIFICATION_BUSY',
      message: `${limit} signatures or proofs wait to be verified already`,
      hint: 'send it again in a moment',
      details: { limit },
    })
  }
}

/** TX_DROPPED: it was taken, and then could not be put into a block. */
export class TxDroppedError extends GranaryError {
  constructor(id: Hash, reason: { code: ErrorCode; message: string; hint: string }) {
    super({
      code: reason.code,
      message: `transaction ${id} left the mempool without a block: ${reason.message}`,
      hint: reason.hint,
      retryable: false,
      details: { id },
    })
  }
}

/** CHAIN_HALTED: the node met something that must never happen, and stands still instead of guessing. */
export class ChainHaltedError extends GranaryError {
  constructor(height: number, cause: unknown) {
    super({
      code: 'CHAIN_HALTED',
      message: `the chain halted at block ${height}: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'nothing of that block was kept; report it with the log, correct the cause (disk space, program version) and start again',
      details: { height },
      cause,
    })
  }
}

/** NODE_STOPPING: a call came in, or still waited, while the node was shutting down. */
export class NodeStoppingError extends GranaryError {
  constructor() {
    super({
      code: 'NODE_STOPPING',
      message: 'this node is shutting down',
      hint: 'try again when it has been started anew',
    })
  }
}
