/** The collateral of one provider: it deposits what the next lock needs and is not there, and may take out what nothing needs. */

import { providerView } from '@granary/chain/state'
import type { Signer } from '@granary/protocol/messages'
import type { World } from './world.ts'

export interface Purse {
  /** Deposits what is missing for a lock that will come. */
  reserve(amount: bigint): void
  /** It was locked, or will not be. */
  release(amount: bigint): void
  /** Takes out all that is not reserved. */
  withdraw(): void
}

export function createPurse({ chain, params }: World, owner: Signer, provider: () => number): Purse {
  // A partition may be new with each sector.
  const always = 2n * params.partitionDeposit
  let reserved = 0n
  let coming = 0n

  function spare(): bigint {
    const { free, debt } = providerView(chain.state, provider())!.collateral
    return BigInt(free) - BigInt(debt) + coming - reserved - always
  }

  return {
    reserve: (amount) => {
      reserved += amount
      const missing = -spare()
      if (missing <= 0n) return
      coming += missing
      chain.submit(owner, 'DepositCollateral', { provider: provider(), amount: missing }, () => {
        coming -= missing
      })
    },
    release: (amount) => {
      reserved -= amount
    },
    withdraw: () => {
      const amount = spare() - coming
      if (amount > 0n) chain.submit(owner, 'WithdrawCollateral', { provider: provider(), amount })
    },
  }
}
