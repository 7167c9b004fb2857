import {
  type DealTerms,
  dealTermsDigest,
  hashOf,
  type Quote,
  type Signer,
  sessionSigner,
  typedQuote,
} from '@granary/protocol/messages'
import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  createTestChain,
  fund,
  GRN,
  registerProvider,
  signTerms,
  type TestChain,
  termsFor,
} from '../../../test/test-chain.ts'
import { accountView, dealView, providerView, providerViews } from '../index.ts'
import { tables } from '../store/tables.ts'

let chain: TestChain
let client: Signer
let owner: Signer
let provider: number
const sessionKey = new Uint8Array(32).fill(8)

beforeEach(() => {
  chain = createTestChain()
  client = fund(chain, 2)
  owner = fund(chain, 3)
  provider = registerProvider(chain, owner, sessionSigner(sessionKey, owner.address).publicKey)
})

function publish(given: Partial<DealTerms> = {}, by: { signer?: Signer; sender?: Signer } = {}): string {
  const terms = termsFor(chain, client.address, provider, given)
  const providerSignature = signTerms(chain, by.signer ?? owner, terms)
  return chain.send(by.sender ?? client, 'PublishDeal', { deals: [{ terms, providerSignature }] }).code
}

describe('a provider', () => {
  test('gets the next id from 1000, owned by its sender', () => {
    expect(provider).toBe(1000)
    const second = registerProvider(chain, client)
    expect(second).toBe(1001)
    expect(providerView(chain.state, 1000)).toMatchObject({
      owner: owner.address,
      name: 'barn',
      ask: null,
      collateral: { free: String(100n * GRN), locked: '0' },
    })
    expect(providerView(chain.state, 1000)!.sessionKey).toMatch(/^0x[0-9a-f]{64}$/)
    expect(providerView(chain.state, 1001)!.sessionKey).toBeNull()
    expect(providerViews(chain.state, undefined, 10).map((view) => view.id)).toEqual([1000, 1001])
    expect(providerViews(chain.state, 1000, 10).map((view) => view.id)).toEqual([1001])
    expect(providerViews(chain.state, undefined, 1).map((view) => view.id)).toEqual([1000])
    expect(providerView(chain.state, 5)).toBeUndefined()
  })

  test('is refused with a key or an endpoint that is none', () => {
    const body = {
      payout: owner.address,
      sessionKey: new Uint8Array(0),
      endpoints: [],
      peerId: '',
      region: '',
      name: '',
    }
    expect(chain.send(owner, 'RegisterProvider', { ...body, sessionKey: new Uint8Array(31) }).code).toBe(
      'PROVIDER_INVALID',
    )
    expect(chain.send(owner, 'RegisterProvider', { ...body, endpoints: ['ftp://a'] }).code).toBe('PROVIDER_INVALID')
    expect(chain.send(owner, 'RegisterProvider', { ...body, endpoints: ['http://a b'] }).code).toBe('PROVIDER_INVALID')
    expect(chain.send(owner, 'RegisterProvider', { ...body, endpoints: ['/ip4'] }).code).toBe('PROVIDER_INVALID')
    expect(chain.send(owner, 'RegisterProvider', { ...body, endpoints: ['/ip4/ 1'] }).code).toBe('PROVIDER_INVALID')
  })

  test('takes collateral from anybody who has it', () => {
    const deposit = (amount: bigint, id = provider): string =>
      chain.send(client, 'DepositCollateral', { provider: id, amount }).code
    expect(deposit(5n * GRN)).toBe('OK')
    expect(providerView(chain.state, provider)!.collateral.free).toBe(String(105n * GRN))
    expect(deposit(10n ** 30n)).toBe('INSUFFICIENT_FUNDS')
    expect(deposit(0n)).toBe('AMOUNT_ZERO')
    expect(deposit(1n, 77)).toBe('PROVIDER_NOT_FOUND')
  })
})

describe('an ask', () => {
  const ask = {
    pricePerGiBEpoch: 5n,
    pieceSizeMin: 128,
    pieceSizeMax: 1024,
    durationMin: 10,
    durationMax: 100,
    profiles: ['8MiB-dev'],
    collateralShareMaxBps: 10_000,
    validUntil: 1_000,
  }

  test('is set by the owner or its session key, and replaced', () => {
    chain.does(owner, 'SetAsk', { provider, ...ask })
    chain.does(
      sessionSigner(sessionKey, owner.address),
      'SetAsk',
      { provider, ...ask, pricePerGiBEpoch: 6n },
      { lane: 1 },
    )
    expect(providerView(chain.state, provider)!.ask).toEqual({ ...ask, pricePerGiBEpoch: '6' })
  })

  test('is refused from others and when it contradicts itself', () => {
    const set = (given: object, signer = owner): string =>
      chain.send(signer, 'SetAsk', { provider, ...ask, ...given }).code
    expect(set({}, client)).toBe('PROVIDER_NOT_OWNED')
    expect(set({ provider: 7 })).toBe('PROVIDER_NOT_FOUND')
    const profiles = ['1EiB']
    for (const given of [{ pieceSizeMin: 2048 }, { durationMin: 101 }, { validUntil: 1 }, { profiles }]) {
      expect(set(given)).toBe('ASK_INVALID')
    }
    expect(set({ collateralShareMaxBps: 1_999 })).toBe('ASK_INVALID')
    expect(set({ collateralShareMaxBps: 2_000 })).toBe('OK')
  })
})

describe('publishing a deal', () => {
  test('locks the price from the client and the collateral from the provider', () => {
    const terms = termsFor(chain, client.address, provider)
    const before = chain.balance(client.address)
    const { fee, events } = chain.does(client, 'PublishDeal', {
      deals: [{ terms, providerSignature: signTerms(chain, owner, terms) }],
    })
    const price = terms.pricePerEpoch * 200n
    const record = chain.genesis.params.accountFee / 5n
    expect(chain.balance(client.address)).toBe(before - fee - price - record)
    expect(accountView(chain.state, client.address).locked).toBe(String(price))
    expect(providerView(chain.state, provider)!.collateral.locked).toBe(String(terms.providerCollateral))
    const agreementId = hashOf(dealTermsDigest(chain.genesisHash, terms))
    const id = tables.agreements.get(chain.state, agreementId)!.deal
    expect(events).toMatchObject([{ type: 'deal:published', deal: id, provider, client: client.address, agreementId }])
    expect(dealView(chain.state, id)).toMatchObject({
      id: 1,
      agreementId,
      state: 'published',
      locked: String(price),
      paid: '0',
      earned: '0',
      publishedAt: chain.height,
      lapsesAt: chain.height + 100,
    })
  })

  test('takes the signature of a session key with the scope terms', () => {
    expect(publish({}, { signer: sessionSigner(sessionKey, owner.address) })).toBe('OK')
    const weak = sessionSigner(new Uint8Array(32).fill(9), owner.address)
    const { publicKey } = weak
    const key = { publicKey, scopes: ['SetAsk'], expires: 9_999, spendingLimit: GRN }
    chain.does(owner, 'AuthorizeKey', key)
    expect(publish({ nonce: 2n }, { signer: weak })).toBe('DEAL_SIGNATURE_INVALID')
    chain.does(owner, 'AuthorizeKey', { ...key, scopes: ['terms'], expires: chain.height + 2 })
    expect(publish({ nonce: 2n }, { signer: weak })).toBe('OK')
    chain.advance(1)
    expect(publish({ nonce: 3n }, { signer: weak })).toBe('DEAL_SIGNATURE_INVALID')
  })

  test('publishing the same terms twice: a deal is paid once, whatever is retried', () => {
    const terms = termsFor(chain, client.address, provider)
    const deals = [{ terms, providerSignature: signTerms(chain, owner, terms) }]
    chain.does(client, 'PublishDeal', { deals })
    const before = chain.balance(client.address)
    const { code, fee } = chain.send(client, 'PublishDeal', { deals })
    expect(code).toBe('DEAL_DUPLICATE')
    expect(chain.balance(client.address)).toBe(before - fee)
    // Signed by another key of the provider it is still the same agreement.
    const other = signTerms(chain, sessionSigner(sessionKey, owner.address), terms)
    expect(chain.send(client, 'PublishDeal', { deals: [{ terms, providerSignature: other }] }).code).toBe(
      'DEAL_DUPLICATE',
    )
    expect(publish({ nonce: 2n })).toBe('OK')
  })

  test('publishes all deals of a batch or none', () => {
    const one = termsFor(chain, client.address, provider)
    const two = termsFor(chain, client.address, provider, { nonce: 2n })
    const deals = [one, two].map((terms) => ({ terms, providerSignature: signTerms(chain, owner, terms) }))
    expect(chain.send(client, 'PublishDeal', { deals: [...deals, deals[0]!] }).code).toBe('DEAL_DUPLICATE')
    expect(dealView(chain.state, 1)).toBeUndefined()
    chain.does(client, 'PublishDeal', { deals })
    expect(dealView(chain.state, 2)).toMatchObject({ id: 2, state: 'published' })
  })

  test("a quote's signature is not one of terms", () => {
    const terms = termsFor(chain, client.address, provider)
    const quote: Quote = {
      ...terms,
      quoteId: '1',
      total: 1n,
      networkFee: 1n,
    }
    const providerSignature = owner.sign(typedQuote(chain.genesisHash, quote)) as Uint8Array
    expect(chain.send(client, 'PublishDeal', { deals: [{ terms, providerSignature }] }).code).toBe(
      'DEAL_SIGNATURE_INVALID',
    )
  })

  test.each<[string, Partial<DealTerms>]>([
    ['DEAL_SIZE_MISMATCH', { pieceSize: 2048 }],
    ['DEAL_SIZE_MISMATCH', { payloadSize: 999 }],
    ['DEAL_TERMS_EXPIRED', { validUntil: 1 }],
    ['DEAL_TERMS_INVALID', { duration: 1 }],
    ['DEAL_TERMS_INVALID', { duration: 10 ** 12 }],
    ['DEAL_TERMS_INVALID', { activateWithin: 1 }],
    ['DEAL_TERMS_INVALID', { pricePerEpoch: 2n ** 127n }],
    ['DEAL_COLLATERAL_LOW', { providerCollateral: 40_000_000_279n }],
    ['PROVIDER_NOT_FOUND', { provider: 9 }],
    ['INSUFFICIENT_FUNDS', { pricePerEpoch: 6n * GRN, providerCollateral: 10n ** 30n }],
    ['INSUFFICIENT_COLLATERAL', { providerCollateral: 101n * GRN }],
    ['DEAL_CLIENT_WRONG', { client: `0x${'11'.repeat(20)}` }],
  ])('is refused with %s for %j', (code, given) => {
    expect(publish(given)).toBe(code)
  })

  test('the collateral may be exactly the share of the price that the chain asks for', () => {
    expect(publish({ providerCollateral: 40_000_000_280n })).toBe('OK')
  })

  test('is refused when the provider did not sign, or signed something else', () => {
    expect(publish({}, { signer: client })).toBe('DEAL_SIGNATURE_INVALID')
    const terms = termsFor(chain, client.address, provider)
    const providerSignature = signTerms(chain, owner, { ...terms, pricePerEpoch: 1n })
    expect(chain.send(client, 'PublishDeal', { deals: [{ terms, providerSignature }] }).code).toBe(
      'DEAL_SIGNATURE_INVALID',
    )
  })

  test("is refused from another account than the terms' client", () => {
    expect(publish({}, { sender: fund(chain, 4) })).toBe('DEAL_CLIENT_WRONG')
  })
})

test('a deal that is not sealed in time lapses', () => {
  publish({ activateWithin: 6 })
  chain.advance(6)
  expect(dealView(chain.state, 1)!.state).toBe('published')
  expect(chain.does(owner, 'SettleDeals', { deals: [1] }).events).toMatchObject([{ type: 'deal:lapsed', deal: 1 }])
  expect(dealView(chain.state, 1)).toMatchObject({ state: 'lapsed', locked: '0', paid: '0' })
  expect(chain.send(owner, 'SettleDeals', { deals: [2] }).code).toBe('DEAL_NOT_FOUND')
})
