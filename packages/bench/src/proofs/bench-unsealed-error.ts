/** A figure for an unsealing that gives other bytes would say nothing. */
import { GranaryError } from '@granary/base'

export class BenchUnsealedError extends GranaryError {
  constructor() {
    super({
      code: 'BENCH_UNSEALED_WRONG',
      message: 'what was unsealed is not what was sealed',
      hint: 'this is a fault in the kernel, the memory or the disk: try GRANARY_KERNEL=ts, and report it',
    })
  }
}
