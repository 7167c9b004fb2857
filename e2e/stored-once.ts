/** Stories of a put through which something is killed: each in a market of its own, and what each must end with. */
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { expect } from '@jest/globals'
import { eachBlock, everythingOf, type Market, type MarketOptions, sameBytes, startMarket, succeeded } from './story.ts'

/** Opens a market for one story and ends it with the story: they run side by side, since each waits for challenges. */
export async function inMarket(options: MarketOptions, story: (market: Market) => Promise<void>): Promise<void> {
  const market = await startMarket({ quick: true, ...options })
  try {
    await story(market)
  } finally {
    await market.bench.close()
  }
}

/** What every one of these stories must end with. */
export async function expectStoredOnce(market: Market, file: string, data: PutResult): Promise<void> {
  const deals = await Array.fromAsync(market.client.deals({ rootCid: data.rootCid }))
  expect(deals.map(({ id, state }) => ({ id, state }))).toEqual([{ id: data.dealId, state: 'active' }])
  const paid = await eachBlock(market, async () => {
    const deal = await market.client.deal(data.dealId)
    return BigInt(deal.paid) > 0n ? deal : undefined
  })
  expect(everythingOf(paid)).toBe(BigInt(paid.terms.pricePerEpoch) * BigInt(paid.terms.duration))
  const out = join(market.bench.home, 'back.bin')
  succeeded(await market.bench.run(['get', data.rootCid, '-o', out, '--chain', market.chain.url]))
  expect(sameBytes(out, file)).toBe(true)
}
