/** What agreeing and quoting ask of the chain, through its typed client. */
import type { ChainClient, ProviderView } from '@granary/chain/client'
import { feeOf } from '@granary/chain/messages'
import type { AgreementChain } from '../deals/accept-piece.ts'
import type { Market } from '../deals/issue-quote.ts'

// One deal's terms with both signatures and the longest label; what it costs at most.
const PUBLISH_BYTES_MAX = 2048

export function agreementChain(chain: ChainClient, providerId: number): AgreementChain {
  return {
    head: () => chain.status(),
    freeBalanceOf: async (client) => BigInt((await chain.account(client)).balance),
    freeCollateral: async () => freeCollateralOf(await chain.provider(providerId)),
    publishFee: async () => feeOf('PublishDeal', PUBLISH_BYTES_MAX, await chain.fees()),
  }
}

/** What has vested is used by the next lock, once a debt is paid. */
function freeCollateralOf({ collateral, vesting }: ProviderView): bigint {
  const free = BigInt(collateral.free) + BigInt(vesting.releasable) - BigInt(collateral.debt)
  return free > 0n ? free : 0n
}

export async function marketOf(chain: ChainClient, providerId: number): Promise<Market> {
  const [status, params, { ask }] = await Promise.all([chain.status(), chain.params(), chain.provider(providerId)])
  return {
    head: status.height,
    blockTimeMs: status.blockTimeMs,
    ask: ask === null ? undefined : { ...ask, pricePerGiBEpoch: BigInt(ask.pricePerGiBEpoch) },
    rules: {
      networkFeeBps: params.networkFeeBps,
      minCollateralShareBps: params.minCollateralShareBps,
      durationMin: params.dealDurationMin,
      durationMax: params.dealDurationMax,
      activateWithinMin: params.activateWithinMin,
    },
  }
}
