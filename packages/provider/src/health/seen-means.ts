/** What the provider has on the chain, as it was when its health was last looked at. */
import type { PromptChain } from '../chain/prompt-chain.ts'
import type { ProviderStatus } from '../http/admin-operations.ts'
import type { ProviderMeans } from '../market/provider-means.ts'

export interface SeenMeans {
  readonly money: NonNullable<ProviderStatus['money']>
  /** The epoch when its ask ends; 0: it has none. */
  readonly askUntil: number
}

interface LookInput {
  readonly chain: Pick<PromptChain, 'provider'>
  readonly providerId: number
  readonly means: () => Promise<ProviderMeans>
}

/** @returns what it has now; `onSeen` is told of it in short */
export async function lookAtMeans(input: LookInput, onSeen: (seen: SeenMeans) => void): Promise<ProviderMeans> {
  const means = await input.means()
  const { ask, collateral } = await input.chain.provider(input.providerId)
  const { balance, freeCollateral } = means
  onSeen({
    money: {
      balance: String(balance),
      freeCollateral: String(freeCollateral),
      lockedCollateral: collateral.locked,
    },
    askUntil: ask?.validUntil ?? 0,
  })
  return means
}
