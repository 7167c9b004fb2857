/** A chain that answers. */
import { type ChainClient, type ChainStatus, createChainClient } from '@granary/protocol/client'

/** About a quarter of a minute: a node that restarts in the middle of a put is waited for. */
const RETRIES = 12

export interface OpenChain {
  readonly chain: ChainClient
  readonly status: ChainStatus
}

/** @throws ChainUnreachableError at once when nobody is there: patience is for later */
export async function openChain(url: string, signal?: AbortSignal): Promise<OpenChain> {
  const status = await createChainClient({ url, retries: 1 }).status({ signal })
  return { chain: createChainClient({ url, retries: RETRIES, genesisHash: status.genesisHash }), status }
}
