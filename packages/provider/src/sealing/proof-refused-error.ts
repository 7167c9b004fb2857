import { GranaryError } from '@granary/base'

/** A proof that this provider made does not pass the verifier that the chain would use: it is never sent. */
export class ProofRefusedError extends GranaryError {
  constructor(proof: 'PoRep' | 'PoSt', of: string, reason: string) {
    super({
      code: 'PROOF_REFUSED',
      message: `the ${proof} of ${of} does not verify: ${reason}`,
      hint: 'Files of the sector have probably changed on disk: check the disk and its memory.',
      details: { reason },
    })
  }
}
