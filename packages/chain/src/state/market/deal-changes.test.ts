import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DealView } from '@granary/protocol/client'
import {
  type DealRenewal,
  type DealTerms,
  type Hash,
  type MessageBodies,
  type Signer,
  sessionSigner,
  typedDealRenewal,
} from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMarket, type Market } from '../../../test/market.ts'
import { createTestChain, fund, GRN, registerProvider } from '../../../test/test-chain.ts'
import { wholePartitions } from '../../../test/whole-partitions.ts'
import { dealView, providerView, sectorView } from '../index.ts'

const PRICE = 1_000_000_007n
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-deal-changes-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface OneDeal extends Market {
  readonly deal: number
  view(): DealView
  proveOnce(): Promise<void>
}

async function oneDeal(
  name: string,
  terms: Partial<DealTerms> = {},
  params: Partial<ChainParams> = {},
): Promise<OneDeal> {
  const market = createMarket(join(folder, name), params)
  const piece = await market.sealer.piece(1, 1_000)
  const deal = market.publish(piece, terms)
  await market.activate(0, [piece], [deal])
  const { chain, provider, sealer } = market
  const lastProven = (): number => wholePartitions(chain.state, provider, undefined, 1)[0]?.lastProven ?? 0
  return {
    ...market,
    deal,
    view: () => dealView(chain.state, deal)!,
    proveOnce: async () => {
      const before = lastProven()
      while (lastProven() === before) await sealer.answer()
    },
  }
}

function renewal({ chain, deal }: OneDeal, given: Partial<DealRenewal> = {}): DealRenewal {
  const { endsAt = 0, agreementId } = dealView(chain.state, deal)!
  const [providerCollateral, validUntil] = [PRICE * 4n, chain.height + 50]
  return { deal, agreementId, startsAt: endsAt, endsAt: endsAt + 20, providerCollateral, validUntil, ...given }
}

function signed(market: OneDeal, body: DealRenewal, signer: Signer = market.owner): MessageBodies['RenewDeal'] {
  const signature = signer.sign(typedDealRenewal(market.chain.genesisHash, body))
  if (signature instanceof Promise) throw new TypeError('test signers are synchronous')
  return { renewal: body, providerSignature: signature }
}

describe('a deal that its client ends', () => {
  test('before a pre-commit: a share of the price to the provider, whose disk was reserved, the rest back', async () => {
    const market = createMarket(join(folder, 'cancel-published'))
    const { chain, client, owner, provider, sealer, publish } = market
    const free = providerView(chain.state, provider)!.collateral
    const deal = publish(await sealer.piece(1, 1_000))
    expect(chain.send(owner, 'CancelDeal', { deal }).code).toBe('DEAL_CLIENT_WRONG')
    const [before, gross] = [chain.balance(owner.address), (60n * PRICE) / 10n]
    const balance = chain.balance(client.address)
    const { fee } = chain.does(client, 'CancelDeal', { deal })
    const burnt = (gross * 5n + 99n) / 100n
    expect(chain.balance(owner.address) - before).toBe(gross - burnt)
    expect(chain.balance(client.address) - balance + fee).toBe(60n * PRICE - gross)
    expect(dealView(chain.state, deal)).toMatchObject({ state: 'cancelled', locked: '0' })
    expect(providerView(chain.state, provider)!.collateral).toEqual(free)
    expect(chain.send(client, 'CancelDeal', { deal }).code).toBe('DEAL_OVER')
    expect(chain.does(client, 'SettleDeals', { deals: [deal] }).events).toEqual([])
  })

  test('cancelling between pre-commit and proof is refused: the provider seals in good faith', async () => {
    const market = createMarket(join(folder, 'cancel-committed'))
    const { chain, client, sealer, publish, preCommit } = market
    const piece = await sealer.piece(1, 1_000)
    const deal = publish(piece)
    await preCommit(0, [piece], [deal])
    expect(chain.send(client, 'CancelDeal', { deal }).code).toBe('DEAL_NOT_FREE')
    expect(dealView(chain.state, deal)!.state).toBe('committed')
  })

  test('after activation: what is proven is paid, a share of the rest, and the open span when it is decided', async () => {
    const market = await oneDeal('cancel-active')
    const { chain, client, deal, view, proveOnce } = market
    await proveOnce()
    const { endsAt = 0, activatedAt = 0 } = view()
    chain.does(client, 'CancelDeal', { deal })
    const cancelledAt = chain.height
    const rest = PRICE * BigInt(endsAt - cancelledAt)
    expect(view()).toMatchObject({ state: 'cancelled', endsAt: cancelledAt })
    expect(view().refunded).toBe(String(rest - rest / 10n))
    expect(chain.send(client, 'CancelDeal', { deal }).code).toBe('DEAL_OVER')
    while (view().locked !== '0') {
      await proveOnce()
      chain.does(client, 'SettleDeals', { deals: [deal] })
    }
    expect(view()).toMatchObject({ state: 'cancelled', provenEpochs: cancelledAt - activatedAt, faultedEpochs: 0 })
  })
})

describe('a top-up', () => {
  test('moves the end out for whoever pays, and settles like the rest', async () => {
    const market = await oneDeal('top-up', { extendableUntil: 10_000 })
    const { chain, deal, view, proveOnce } = market
    const { endsAt = 0 } = view()
    await proveOnce()
    const stranger = fund(chain, 9)
    chain.does(stranger, 'TopUpDeal', { deal, epochs: 7 })
    expect(view()).toMatchObject({ endsAt: endsAt + 7, locked: String(PRICE * 67n) })
    while (view().state !== 'expired' || view().locked !== '0') {
      await proveOnce()
      chain.does(stranger, 'SettleDeals', { deals: [deal] })
    }
    expect(view()).toMatchObject({ provenEpochs: 67, refunded: '0' })
    expect(chain.send(stranger, 'TopUpDeal', { deal, epochs: 1 }).code).toBe('DEAL_OVER')
  })

  test('topping up beyond what the terms say is refused; the sector lasts as long as its deal', async () => {
    const wide = await oneDeal('top-up-sector', { extendableUntil: 10_000 })
    await wide.proveOnce()
    const room = sectorView(wide.chain.state, wide.provider, 0)!.expiry - wide.view().endsAt!
    const { chain, client, provider } = wide
    // docs/adr/0047: the provider has signed for the time, so its sector takes it.
    const most = 1_000 - (wide.view().endsAt! - chain.height)
    expect(chain.send(client, 'TopUpDeal', { deal: wide.deal, epochs: most + 9 }).code).toBe('DEAL_NOT_EXTENDABLE')
    expect(chain.send(client, 'TopUpDeal', { deal: wide.deal, epochs: 0 }).code).toBe('DEAL_NOT_EXTENDABLE')
    expect(chain.send(client, 'TopUpDeal', { deal: wide.deal, epochs: room + 7 }).code).toBe('OK')
    expect(sectorView(chain.state, provider, 0)!.expiry).toBe(wide.view().endsAt)
    const narrow = await oneDeal('top-up-terms')
    await narrow.proveOnce()
    const body = { deal: narrow.deal, epochs: 1 }
    expect(narrow.chain.send(narrow.client, 'TopUpDeal', body).code).toBe('DEAL_NOT_EXTENDABLE')
  })

  test('without a proof of two periods is refused', async () => {
    const market = await oneDeal('top-up-unproven', { extendableUntil: 10_000 })
    const { chain, client, deal, provider } = market
    while (!wholePartitions(chain.state, provider, undefined, 1)[0]!.faulty) chain.produce()
    expect(chain.send(client, 'TopUpDeal', { deal, epochs: 1 }).code).toBe('SECTOR_NOT_SOUND')
  })
})

describe('renewing', () => {
  test('takes both signatures, once, at the same price and with its collateral', async () => {
    const market = await oneDeal('renew')
    const { chain, client, owner, provider, view, proveOnce } = market
    await proveOnce()
    const { expiry } = sectorView(chain.state, provider, 0)!
    const { endsAt = 0, locked } = view()
    const body = renewal(market)
    const send = (given: MessageBodies['RenewDeal'], signer = client): string =>
      chain.machine.checkTx(chain.sign(signer, 'RenewDeal', given), 0).code
    expect(send(signed(market, body, client))).toBe('DEAL_SIGNATURE_INVALID')
    expect(send(signed(market, body), owner)).toBe('DEAL_CLIENT_WRONG')
    expect(send(signed(market, renewal(market, { validUntil: chain.height })))).toBe('DEAL_TERMS_EXPIRED')
    expect(send(signed(market, renewal(market, { endsAt })))).toBe('DEAL_NOT_EXTENDABLE')
    expect(send(signed(market, renewal(market, { endsAt: 100_000 })))).toBe('DEAL_NOT_EXTENDABLE')
    const other: Hash = `0x${'ab'.repeat(32)}`
    expect(send(signed(market, renewal(market, { agreementId: other })))).toBe('DEAL_NOT_EXTENDABLE')
    for (const startsAt of [endsAt - 1, endsAt + 1])
      expect(send(signed(market, renewal(market, { startsAt })))).toBe('DEAL_NOT_EXTENDABLE')
    expect(send(signed(market, renewal(market, { providerCollateral: PRICE })))).toBe('DEAL_COLLATERAL_LOW')
    chain.does(client, 'RenewDeal', signed(market, body))
    expect(view()).toMatchObject({ endsAt: endsAt + 20, locked: String(BigInt(locked) + PRICE * 20n) })
    // Its sector lasts as long.
    expect(sectorView(chain.state, provider, 0)!.expiry).toBe(Math.max(expiry, endsAt + 20))
    expect(send(signed(market, body))).toBe('DEAL_NOT_EXTENDABLE')
  })

  test('stacking renewals: of all that were signed from one end, the chain takes one, and its collateral once', async () => {
    const market = await oneDeal('renew-stacked')
    const { chain, client, provider, view, proveOnce } = market
    await proveOnce()
    const { endsAt = 0 } = view()
    const locked = (): bigint => BigInt(providerView(chain.state, provider)!.collateral.locked)
    const before = locked()
    // Each carries the collateral of the whole span, and would add an epoch of pay to it.
    const signatures = [18, 19, 20].map((epochs) => signed(market, renewal(market, { endsAt: endsAt + epochs })))
    const codes = signatures.map((each) => chain.send(client, 'RenewDeal', each).code)
    expect(codes).toEqual(['OK', 'DEAL_NOT_EXTENDABLE', 'DEAL_NOT_EXTENDABLE'])
    expect(view().endsAt).toBe(endsAt + 18)
    expect(locked() - before).toBe(PRICE * 4n)
  })

  test('without a proof of two periods is refused: no proof, no renewal', async () => {
    const market = await oneDeal('renew-unproven')
    const { chain, client, provider } = market
    while (!wholePartitions(chain.state, provider, undefined, 1)[0]!.faulty) chain.produce()
    const body = renewal(market, { endsAt: market.view().endsAt! + 1 })
    expect(chain.send(client, 'RenewDeal', signed(market, body)).code).toBe('SECTOR_NOT_SOUND')
  })
})

test('only free collateral leaves, to the owner', async () => {
  const { chain, owner, client, provider, view } = await oneDeal('withdraw')
  const free = (): bigint => BigInt(providerView(chain.state, provider)!.collateral.free)
  expect(view().state).toBe('active')
  expect(free()).toBeLessThan(100n * GRN)
  const withdraw = (amount: bigint, signer = owner): string =>
    chain.send(signer, 'WithdrawCollateral', { provider, amount }).code
  expect(withdraw(1n, client)).toBe('PROVIDER_NOT_OWNED')
  expect(withdraw(0n)).toBe('AMOUNT_ZERO')
  expect(withdraw(free() + 1n)).toBe('INSUFFICIENT_COLLATERAL')
  const [balance, amount] = [chain.balance(owner.address), free()]
  const { fee } = chain.does(owner, 'WithdrawCollateral', { provider, amount })
  expect(chain.balance(owner.address) - balance + fee).toBe(amount)
  expect(free()).toBe(0n)
})

describe('keys', () => {
  test('a provider changes what it says of itself, and its old session key may sign nothing any more', () => {
    const chain = createTestChain()
    const owner = fund(chain, 5, 200n * GRN)
    const [first, second] = [1, 2].map((fill) => sessionSigner(new Uint8Array(32).fill(fill), owner.address)) as [
      ReturnType<typeof sessionSigner>,
      ReturnType<typeof sessionSigner>,
    ]
    const provider = registerProvider(chain, owner, first.publicKey)
    const endpoints = ['http://10.0.0.1:1', '/ip4/10.0.0.1/tcp/2']
    const profile = { payout: chain.faucet.address, endpoints, peerId: '', region: 'us' }
    const body = { provider, ...profile, sessionKey: second.publicKey, name: 'silo' }
    expect(chain.send(chain.faucet, 'UpdateProvider', body).code).toBe('PROVIDER_NOT_OWNED')
    expect(chain.send(owner, 'UpdateProvider', { ...body, endpoints: ['ftp://x'] }).code).toBe('PROVIDER_INVALID')
    chain.does(owner, 'UpdateProvider', body)
    expect(providerView(chain.state, provider)).toMatchObject({ ...profile, name: 'silo' })
    const settle = (signer: Signer): string =>
      chain.machine.checkTx(chain.sign(signer, 'SettleDeals', { deals: [1] }, { lane: 3 }), 0).code
    expect(settle(first)).toBe('KEY_NOT_AUTHORIZED')
    expect(settle(second)).toBe('DEAL_NOT_FOUND')
  })

  test('a revoked key signs nothing, and no session key can revoke another', () => {
    const chain = createTestChain()
    const owner = fund(chain, 5)
    const session = sessionSigner(new Uint8Array(32).fill(1), owner.address)
    const { publicKey } = session
    const scopes = ['Transfer', 'RevokeKey']
    const authorize = { publicKey, scopes, expires: 9_999, spendingLimit: GRN }
    expect(chain.send(owner, 'AuthorizeKey', authorize).code).toBe('SCOPE_UNKNOWN')
    chain.does(owner, 'AuthorizeKey', { ...authorize, scopes: ['Transfer'] })
    const transfer = { to: owner.address, amount: 1n }
    expect(chain.machine.checkTx(chain.sign(session, 'Transfer', transfer), 0).code).toBe('OK')
    chain.does(owner, 'RevokeKey', { publicKey })
    expect(chain.machine.checkTx(chain.sign(session, 'Transfer', transfer), 0).code).toBe('KEY_NOT_AUTHORIZED')
    expect(chain.send(owner, 'RevokeKey', { publicKey }).code).toBe('KEY_NOT_FOUND')
  })
})
