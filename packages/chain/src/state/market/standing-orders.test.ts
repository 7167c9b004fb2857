import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DealView } from '@granary/protocol/client'
import {
  type DealTerms,
  type MessageBodies,
  orderPriceMax,
  type Signer,
  sessionSigner,
} from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { claimedPiece } from '../../../test/claimed-proofs.ts'
import { createMarket, type Market } from '../../../test/market.ts'
import { fund, GRN, signTerms, termsFor } from '../../../test/test-chain.ts'
import { wholePartitions } from '../../../test/whole-partitions.ts'
import { dealView, sectorView } from '../index.ts'

const PRICE = 1_000_000_007n
/** Of createMarket. */
const DURATION = 60
const FAR = 10_000
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-standing-orders-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Ordered extends Market {
  readonly deal: number
  view(): DealView
  proveOnce(): Promise<void>
  /** @returns the code */
  topUp(epochs: number, signer?: Signer): string
}

/** A proven deal with a standing order. */
async function ordered(name: string, terms: Partial<DealTerms> = {}): Promise<Ordered> {
  const market = createMarket(join(folder, name))
  const { chain, owner, provider, sealer } = market
  const piece = await sealer.piece(1, 1_000)
  const deal = market.publish(piece, { extendableUntil: FAR, ...terms })
  await market.activate(0, [piece], [deal])
  const lastProven = (): number => wholePartitions(chain.state, provider, undefined, 1)[0]?.lastProven ?? 0
  const proveOnce = async (): Promise<void> => {
    const before = lastProven()
    while (lastProven() === before) await sealer.answer()
  }
  await proveOnce()
  return {
    ...market,
    deal,
    proveOnce,
    view: () => dealView(chain.state, deal)!,
    topUp: (epochs, signer = owner) => chain.send(signer, 'TopUpByOrder', { deal, epochs }).code,
  }
}

test('a standing order: whoever sends the top-up, the client pays, and the deal outlives its first end', async () => {
  const market = await ordered('outlives')
  const { chain, client, provider, deal, view, proveOnce, topUp } = market
  const firstEnd = view().endsAt!
  expect(view().orderedUntil).toBe(FAR)
  const stranger = fund(chain, 9)
  while (chain.height < firstEnd + 5) {
    await proveOnce()
    const room = chain.height + 1 + DURATION - view().endsAt!
    const [before, strangers] = [chain.balance(client.address), chain.balance(stranger.address)]
    const { fee } = chain.does(stranger, 'TopUpByOrder', { deal, epochs: room })
    expect(before - chain.balance(client.address)).toBe(PRICE * BigInt(room))
    expect(strangers - chain.balance(stranger.address)).toBe(fee)
    expect(topUp(2)).toBe('DEAL_NOT_EXTENDABLE')
    expect(sectorView(chain.state, provider, 0)!.expiry).toBeGreaterThanOrEqual(view().endsAt!)
  }
  const { activatedAt = 0, endsAt = 0 } = view()
  expect(view().state).toBe('active')
  chain.does(client, 'CancelDeal', { deal, atEnd: true })
  while (view().state !== 'expired' || view().locked !== '0') {
    await proveOnce()
    chain.does(stranger, 'SettleDeals', { deals: [deal] })
  }
  // Paid for proven epochs only, and to the last of them.
  expect(view()).toMatchObject({ provenEpochs: endsAt - activatedAt, faultedEpochs: 0, refunded: '0', endsAt })
  expect(BigInt(view().paid) + BigInt(view().burnt)).toBe(PRICE * BigInt(endsAt - activatedAt))
})

test('draining a client by its standing order: no more is locked ahead than the price at first', async () => {
  const { chain, client, provider, deal, view, topUp } = await ordered('drain')
  const gone = chain.height - view().activatedAt!
  const balance = chain.balance(client.address)
  const stranger = fund(chain, 9)
  for (const epochs of [500, DURATION, gone + 10]) expect(topUp(epochs, stranger)).toBe('DEAL_NOT_EXTENDABLE')
  expect(chain.balance(client.address)).toBe(balance)
  // The fault of its provider ends it: without a proof nothing more is paid.
  while (!wholePartitions(chain.state, provider, undefined, 1)[0]!.faulty) chain.produce()
  expect(topUp(1, stranger)).toBe('SECTOR_NOT_SOUND')
  expect(chain.balance(client.address)).toBe(balance)
  expect(chain.send(stranger, 'CancelDeal', { deal, atEnd: true }).code).toBe('DEAL_CLIENT_WRONG')
})

test('not beyond what the terms say, nor without the money', async () => {
  const { chain, client, owner, view, topUp, proveOnce } = await ordered('bounds', {
    extendableUntil: 95,
    pricePerEpoch: GRN,
    providerCollateral: 12n * GRN,
  })
  await proveOnce()
  const { endsAt = 0 } = view()
  expect(topUp(95 - endsAt + 1)).toBe('DEAL_NOT_EXTENDABLE')
  expect(topUp(0)).toBe('DEAL_NOT_EXTENDABLE')
  chain.does(client, 'Transfer', { to: owner.address, amount: chain.balance(client.address) - (3n * GRN) / 2n })
  expect(topUp(2)).toBe('INSUFFICIENT_FUNDS')
  expect(topUp(1)).toBe('OK')
  expect(chain.balance(client.address)).toBeLessThan(GRN)
  expect(view().endsAt).toBe(endsAt + 1)
})

test('extending what nobody wants: the client ends its order for a fee, and what is paid runs out', async () => {
  const { chain, client, deal, view, topUp, proveOnce } = await ordered('unwanted')
  await proveOnce()
  expect(topUp(1)).toBe('OK')
  const { endsAt } = view()
  const before = chain.balance(client.address)
  const { fee } = chain.does(client, 'CancelDeal', { deal, atEnd: true })
  expect(before - chain.balance(client.address)).toBe(fee)
  expect(view()).toMatchObject({ state: 'active', endsAt })
  expect(view().orderedUntil).toBeUndefined()
  expect(topUp(1)).toBe('DEAL_NOT_EXTENDABLE')
  expect(chain.send(client, 'CancelDeal', { deal, atEnd: true }).code).toBe('DEAL_NOT_ORDERED')
  // Who likes may still give it more time, out of its own pocket.
  expect(chain.send(fund(chain, 9), 'TopUpDeal', { deal, epochs: 1 }).code).toBe('OK')
})

test('ordering more than its session key may spend is refused: the order counts when it is published', () => {
  const { chain, client, owner, provider } = createMarket(join(folder, 'limit'))
  const price = GRN / 10_000n
  const key = sessionSigner(new Uint8Array(32).fill(7), client.address)
  const publish = (nonce: bigint, extendableUntil: number): string => {
    const terms = termsFor(chain, client.address, provider, {
      ...claimedPiece(1),
      nonce,
      extendableUntil,
      pricePerEpoch: price,
      providerCollateral: GRN,
    })
    const body: MessageBodies['PublishDeal'] = {
      deals: [{ terms, providerSignature: signTerms(chain, owner, terms) }],
    }
    return chain.machine.checkTx(chain.sign(key, 'PublishDeal', body), 0).code
  }
  const terms = termsFor(chain, client.address, provider, {
    ...claimedPiece(1),
    extendableUntil: 500_000,
    pricePerEpoch: price,
  })
  const order = orderPriceMax(terms, chain.height)
  const spendingLimit = order / 2n + GRN
  chain.does(client, 'AuthorizeKey', {
    publicKey: key.publicKey,
    scopes: ['PublishDeal'],
    expires: 900_000,
    spendingLimit,
  })
  expect(order / 2n).toBeGreaterThan(GRN)
  expect(publish(1n, 500_000)).toBe('SPENDING_LIMIT_REACHED')
  expect(publish(2n, 50)).toBe('OK')
})
