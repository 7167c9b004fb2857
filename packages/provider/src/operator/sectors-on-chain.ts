/** A provider's proven sectors as the chain has them, in the order of their numbers. */
import type { ChainClient, SectorView } from '@granary/protocol/client'

export async function sectorsOnChain(
  chain: ChainClient,
  provider: number,
  options: { signal?: AbortSignal } = {},
): Promise<SectorView[]> {
  const numbers = new Set<number>()
  for (const { number: partition } of await chain.partitions(provider, options))
    for await (const { number } of chain.members({ provider, partition }, undefined, options)) numbers.add(number)
  const views: SectorView[] = []
  for (const number of [...numbers].toSorted((a, b) => a - b)) views.push(await chain.sector(provider, number, options))
  return views.filter(({ state }) => state === 'active' || state === 'faulty')
}
