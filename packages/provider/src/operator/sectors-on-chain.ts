/** A provider's proven sectors as the chain has them, in the order of their numbers. */
import type { ChainClient, SectorView } from '@granary/protocol/client'

export async function sectorsOnChain(
  chain: ChainClient,
  provider: number,
  options: { signal?: AbortSignal } = {},
): Promise<SectorView[]> {
  const partitions = await chain.partitions(provider, options)
  const numbers = new Set(
    partitions.flatMap(({ sectors, faultySectors }) => [...sectors.map(({ number }) => number), ...faultySectors]),
  )
  const views: SectorView[] = []
  for (const number of [...numbers].toSorted((a, b) => a - b)) views.push(await chain.sector(provider, number, options))
  return views.filter(({ state }) => state === 'active' || state === 'faulty')
}
