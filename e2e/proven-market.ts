/** A devnet with short periods and one provider with four sectors in one partition, and who watches that no proof is missed. */
import type { PutResult } from '@granary/client'
import { type ChainClient, createChainClient, type PartitionView } from '@granary/protocol/client'
import { changeParams } from './change-params.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { eachBlock, fileOf, type Market, put, succeeded } from './story.ts'

export interface ProvenMarket extends Market {
  /** One a sector: each piece takes more than half of one. */
  readonly deals: readonly PutResult[]
  readonly providerHome: string
}

export const SECTORS = 4
const PIECE_BYTES = 5_000_000
/** A challenge each six seconds, with three to answer it. */
const params = { provingPeriod: '24', cutoff: '2', seedDelay: '4', faultMaxAge: '2400' }
const RESPONSE_WINDOW = '12'

export async function startProvenMarket(
  start: (bench: Workbench, chainUrl: string) => Promise<{ provider: Market['provider']; providerHome: string }>,
): Promise<ProvenMarket> {
  const bench = createWorkbench()
  try {
    succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--block-time', '250', '--json']))
    changeParams(bench.home, { params, responseWindow: RESPONSE_WINDOW })
    const chain = await bench.startChain()
    const { provider, providerHome } = await start(bench, chain.url)
    const client = createChainClient({ url: chain.url })
    const market: Market = { bench, chain, provider, client }
    const files = Array.from({ length: SECTORS }, (_, n) => fileOf(bench, `file-${n}.bin`, PIECE_BYTES))
    const deals: PutResult[] = []
    for (const file of files) deals.push((await put(bench, file, chain.url)).data)
    await eachBlock(market, async () => (await partitionOf(client))?.sectors === SECTORS || undefined)
    return { ...market, deals, providerHome }
  } catch (error) {
    await bench.close()
    throw error
  }
}

export async function partitionOf(client: ChainClient): Promise<PartitionView | undefined> {
  const [provider] = await Array.fromAsync(client.providers())
  return provider === undefined ? undefined : (await client.partitions(provider.id))[0]
}

/** Resolves when the partition has been proven so many times more. @throws when one of its sectors is faulty meanwhile */
export async function provenTimes(market: Market, times: number): Promise<void> {
  const epochs = new Set<number>()
  await eachBlock(market, async () => {
    const view = await partitionOf(market.client)
    if (view === undefined) return undefined
    if (view.sound < view.sectors)
      throw new Error(`${view.sectors - view.sound} sectors are faulty after ${epochs.size} proofs`)
    if (view.lastProven !== null) epochs.add(view.lastProven)
    // The first one seen was there before.
    return epochs.size > times || undefined
  })
}

/** Past that epoch, and no sector of it is faulty: what was missed while nothing ran has been recovered. */
export async function soundAfter(market: ProvenMarket, epoch: number): Promise<void> {
  await eachBlock(market, async () => {
    if ((await market.client.status()).height <= epoch) return undefined
    const view = await partitionOf(market.client)
    return (view !== undefined && view.sound === view.sectors) || undefined
  })
}
