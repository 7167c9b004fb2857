/** A figure for a proof that is not valid would say nothing. */
import { GranaryError } from '@granary/base'

export class BenchRefusedError extends GranaryError {
  constructor(reason: string) {
    super({
      code: 'BENCH_PROOF_REFUSED',
      message: `the proof that was measured is refused: ${reason}`,
      hint: 'this is a fault in the kernel or in the verifier: try GRANARY_KERNEL=ts, and report it',
    })
  }
}
