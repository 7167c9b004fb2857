/** A deal that goes on by its standing order: the programs as people run them, past its first end, until its client ends it. */
import { type ChainClient, createChainClient, type DealView } from '@granary/protocol/client'
import { expect } from '@jest/globals'
import type { ChangedParams } from './change-params.ts'
import type { Workbench } from './harness.ts'
import { fileOf, succeeded } from './story.ts'

/** With {@link ORDER_PARAMS} a challenge comes each six seconds, with three to answer it. */
export const ORDER_BLOCK_MS = 250
export const ORDER_PARAMS: ChangedParams = {
  params: { provingPeriod: '24', cutoff: '2', seedDelay: '4', faultMaxAge: '2400' },
  responseWindow: '12',
}
const MINUTE_MS = 60_000

async function dealWhen(client: ChainClient, id: number, isSo: (deal: DealView, height: number) => boolean) {
  for await (const event of client.events({ types: ['block'] })) {
    const deal = await client.deal(id)
    if (isSo(deal, event.height)) return deal
  }
  throw new Error('the chain has ended')
}

/** Outlives its first end, and is paid for by proven epochs alone. */
export async function tellStandingOrder(bench: Workbench, chain: { readonly url: string }): Promise<void> {
  await bench.startProvider({ chainUrl: chain.url })
  const client = createChainClient({ url: chain.url })
  // Large enough that what is paid for half a minute is more than the fee of the message that collects it.
  const file = fileOf(bench, 'kept.bin', 1_000_000)
  const until = new Date(Date.now() + 10 * MINUTE_MS).toISOString().slice(0, 16)
  const asked = [file, '--duration', '40s', '--renew-until', until, '--chain', chain.url, '--json']

  // Nothing is signed when the order could come to more than may be spent.
  const priced = JSON.parse(succeeded(await bench.run(['quote', ...asked])).stdout).data
  expect(BigInt(priced.order)).toBeGreaterThan(BigInt(priced.price) * 10n)
  const tight = `${BigInt(priced.total) - BigInt(priced.order) / 2n} attoGRN`
  const refused = await bench.run(['put', ...asked, '--max-price', tight])
  expect(JSON.parse(refused.stdout).error.code).toBe('PRICE_ABOVE_MAX')

  const { dealId } = JSON.parse(succeeded(await bench.run(['put', ...asked])).stdout).data
  const first = await client.deal(dealId)
  const { terms, activatedAt = 0, endsAt: firstEnd = 0 } = first
  expect(first).toMatchObject({ state: 'active', orderedUntil: Number(terms.extendableUntil) })
  expect(firstEnd - activatedAt).toBe(160)

  // Its provider sends what the client pays, and the sector lasts as long.
  const later = await dealWhen(client, dealId, (_, height) => height > firstEnd + 12)
  expect(later.state).toBe('active')
  expect(later.endsAt).toBeGreaterThan(firstEnd)
  const { expiry } = await client.sector(first.sector!.provider, first.sector!.number)
  expect(expiry).toBeGreaterThanOrEqual(later.endsAt!)
  const words = succeeded(await bench.run(['deals', '--chain', chain.url])).stdout
  expect(words).toContain(`${dealId}`)

  succeeded(await bench.run(['cancel', `${dealId}`, '--at-end', '--yes', '--chain', chain.url]))
  const { endsAt: lastEnd = 0, orderedUntil } = await client.deal(dealId)
  expect(orderedUntil).toBeUndefined()
  const over = await dealWhen(client, dealId, ({ state, locked }) => state === 'expired' && locked === '0')
  expect(over.endsAt).toBe(lastEnd)
  expect(over.provenEpochs + over.faultedEpochs).toBe(lastEnd - activatedAt)
  expect(over.provenEpochs).toBeGreaterThan(firstEnd - activatedAt)
  const price = BigInt(terms.pricePerEpoch)
  expect(BigInt(over.paid) + BigInt(over.burnt)).toBe(price * BigInt(over.provenEpochs))
  expect(BigInt(over.refunded)).toBe(price * BigInt(over.faultedEpochs))
}
