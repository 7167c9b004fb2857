import { GranaryError } from '@granary/base'

/** PROOF_ATTEMPTS_SPENT: too many wrong proofs of the same came already. */
export class ProofAttemptsSpentError extends GranaryError {
  constructor(what: string, until: string) {
    super({
      code: 'PROOF_ATTEMPTS_SPENT',
      message: `this node has refused as many wrong proofs of ${what} as it verifies`,
      hint: `verify a proof before you send it; ${until}`,
    })
  }
}
