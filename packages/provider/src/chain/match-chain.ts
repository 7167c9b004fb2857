/** A home belongs to one chain: its keys, deals and proofs are bound to that genesis. */

import { GranaryError } from '@granary/base'
import type { ChainStatus } from '@granary/protocol/client'
import type { Settings } from '../storage/settings.ts'

export class ChainMismatchError extends GranaryError {
  constructor(expected: string, actual: string, url: string) {
    super({
      code: 'CHAIN_MISMATCH',
      message: `this home belongs to the chain ${expected}, ${url} is ${actual}`,
      hint: 'point --chain at the chain of this home, or start a new --home for the other chain',
      details: { expected, actual, url },
    })
  }
}

/** @throws ChainMismatchError */
export function matchChain(settings: Settings, status: ChainStatus, url: string): void {
  const expected = settings.get('genesisHash')
  if (expected === undefined) settings.set('genesisHash', status.genesisHash)
  else if (expected !== status.genesisHash) throw new ChainMismatchError(expected, status.genesisHash, url)
}
