/** Why a node does not keep a transaction waiting that the state itself would take. */
import { GranaryError } from '@granary/base'
import type { PendingTx } from '../admission/pending-tx.ts'

/** INSUFFICIENT_FUNDS, SPENDING_LIMIT_REACHED: with all that waits already it is more than there is. */
export class ClaimNotCoveredError extends GranaryError {
  constructor(code: 'INSUFFICIENT_FUNDS' | 'SPENDING_LIMIT_REACHED', what: { message: string; hint: string }) {
    super({ code, ...what, retryable: true })
  }
}

/** LANE_CLASS_MIXED: proofs and other messages do not wait in one lane, so that neither holds the other back. */
export class LaneClassError extends GranaryError {
  constructor({ lane, kind }: Pick<PendingTx, 'lane' | 'kind'>, held: PendingTx['class']) {
    super({
      code: 'LANE_CLASS_MIXED',
      message: `in lane ${lane} messages of the class "${held}" wait, ${kind} is of the other`,
      hint: 'send proofs in lanes of their own, from 1024 on',
      details: { lane },
    })
  }
}

/** ALREADY_PENDING: the same challenge, partition or sector is spoken of by one that waits. */
export class AlreadyPendingError extends GranaryError {
  constructor({ id, kind }: PendingTx) {
    super({
      code: 'ALREADY_PENDING',
      message: `${kind} ${id} about the same waits already`,
      hint: `wait for its block: GET /v1/txs/${id}`,
      details: { id },
    })
  }
}

/** REPLACEMENT_TOO_LOW: one of that sequence waits, and this one does not pay an eighth more. */
export class ReplacementTooLowError extends GranaryError {
  constructor({ lane, sequence }: PendingTx, replaced: PendingTx) {
    super({
      code: 'REPLACEMENT_TOO_LOW',
      message: `in lane ${lane} one of sequence ${sequence} waits already: ${replaced.id}`,
      hint: 'sign with the next sequence; to replace that one, sign a maxFee that pays a level higher by an eighth',
      details: { lane, id: replaced.id },
    })
  }
}

/** KEY_CHANGING: a message that withdraws or changes the session key waits for its block. */
export class KeyChangingError extends GranaryError {
  constructor(publicKey: string) {
    super({
      code: 'KEY_CHANGING',
      message: `a message that changes the session key 0x${publicKey} waits for its block`,
      hint: 'send it again after the next blocks, by the key that is authorised then; proofs are taken meanwhile',
      details: { publicKey: `0x${publicKey}` },
    })
  }
}
