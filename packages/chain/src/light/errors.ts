/** Why a light client does not believe a node. */
import { GranaryError } from '@granary/errors'

/** HEADER_NOT_SIGNED, APP_HASH_MISMATCH, PROOF_INVALID, PROOF_STALE: what a node answered does not follow from the trusted key. */
export class UnprovenError extends GranaryError {
  constructor(code: UnprovenCode, why: string) {
    super({
      code,
      message: `this node's answer is not proven: ${why}`,
      hint: hints[code],
      retryable: code === 'PROOF_STALE',
      details: { why },
    })
  }
}

export type UnprovenCode = keyof typeof hints

const hints = {
  HEADER_NOT_SIGNED: 'check that genesis hash and validator key are those of the chain you mean; else ask another node',
  APP_HASH_MISMATCH: 'the node is broken or lies: ask another one',
  PROOF_INVALID: 'the node is broken or lies: ask another one',
  PROOF_STALE: 'the node is behind one that answered before: wait until it has caught up, or ask another one',
} as const
