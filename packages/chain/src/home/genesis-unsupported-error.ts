import { GranaryError } from '@granary/errors'

/** GENESIS_UNSUPPORTED: a chain whose randomness does not come from a key in its own folder needs a beacon's fetcher. */
export class GenesisUnsupportedError extends GranaryError {
  constructor() {
    super({
      code: 'GENESIS_UNSUPPORTED',
      message: 'this version makes and runs devnets only',
      hint: 'make one with `granary chain init --devnet`: one validator, a faucet, randomness from a local key',
      retryable: false,
    })
  }
}
