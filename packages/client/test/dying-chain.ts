/** A client of the chain whose process dies over its first submission. */
import { type ChainClient, createChainClient } from '@granary/protocol/client'

export interface DyingChain {
  readonly chain: ChainClient
  /** Aborted when it dies. */
  readonly signal: AbortSignal
}

/** @param delivered whether the node had the message by then */
export function dyingChain(url: string, delivered: boolean): DyingChain {
  const killed = new AbortController()
  const lossy: typeof fetch = async (address, init) => {
    if (!String(address).includes('/v1/txs')) return await fetch(address, init)
    if (delivered) await (await fetch(address, init)).text()
    killed.abort()
    throw new TypeError('fetch failed')
  }
  return { chain: createChainClient({ url, fetch: lossy, retries: 0 }), signal: killed.signal }
}
