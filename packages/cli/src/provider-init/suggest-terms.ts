/** What a new provider could ask for and promise: by the market as it is, and by what its machine has been measured to do. */
import type { ChainClient, ChainStatus } from '@granary/protocol/client'

export interface PriceSuggestion {
  /** attoGRN of a GiB of piece an epoch. */
  readonly price: bigint
  /** Whose asks it is the median of; 0: nobody asks for anything yet. */
  readonly asks: number
}

/** Of a large market so many say enough. */
const ASKS_MAX = 256
const HOUR_MS = 3_600_000
/** A sector may wait for a core, for others, and for the chain's seed. */
const PROMISE_FACTOR = 3

/** @param otherwise where nobody asks for anything */
export async function suggestPrice(
  chain: Pick<ChainClient, 'providers'>,
  { height }: Pick<ChainStatus, 'height'>,
  otherwise: bigint,
  signal?: AbortSignal,
): Promise<PriceSuggestion> {
  const prices: bigint[] = []
  for await (const { ask } of chain.providers({ signal })) {
    if (ask !== null && ask.validUntil > height) prices.push(BigInt(ask.pricePerGiBEpoch))
    if (prices.length === ASKS_MAX) break
  }
  const sorted = prices.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return { price: sorted[Math.floor(sorted.length / 2)] ?? otherwise, asks: prices.length }
}

/** Undefined: what is promised by default is long enough. Whole hours. */
export function promiseFor(sealingMs: number): number | undefined {
  const neededMs = PROMISE_FACTOR * sealingMs
  return neededMs <= HOUR_MS ? undefined : Math.ceil(neededMs / HOUR_MS) * HOUR_MS
}
