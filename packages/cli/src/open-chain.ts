/** A chain that answers. */
import { isLoopbackUrl } from '@granary/base'
import { type ChainClient, type ChainStatus, createChainClient } from '@granary/protocol/client'

/** About a quarter of a minute: a node that restarts in the middle of a put is waited for. */
const RETRIES = 12

export interface OpenChain {
  readonly chain: ChainClient
  readonly status: ChainStatus
  /**
   * A devnet of this machine. Its keys are made and opened unasked, and its play money is spent so: another node that calls
   * itself a devnet may be one of a chain where the same messages count.
   */
  readonly devnet: boolean
}

/** @throws ChainUnreachableError at once when nobody is there: patience is for later */
export async function openChain(url: string, signal?: AbortSignal): Promise<OpenChain> {
  const status = await createChainClient({ url, retries: 1 }).status({ signal })
  const chain = createChainClient({ url, retries: RETRIES, genesisHash: status.genesisHash })
  return { chain, status, devnet: status.devnet && isLoopbackUrl(url) }
}
