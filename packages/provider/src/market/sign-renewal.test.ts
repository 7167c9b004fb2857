import type { DealView } from '@granary/protocol/client'
import {
  accountSigner,
  dealRenewalDigest,
  dealTermsToJson,
  type Hash,
  sessionSigner,
  verifySigner,
} from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { denies } from '../../test/denies.ts'
import type { Denylist } from '../denylist/denylist.ts'
import { requireServed } from './require-served.ts'
import { createOpenRenewals, type SignRenewalContext, signRenewal } from './sign-renewal.ts'

const genesisHash: Hash = `0x${'11'.repeat(32)}`
const agreementId: Hash = `0x${'22'.repeat(32)}`
const client = accountSigner(new Uint8Array(32).fill(1)).address
const signer = sessionSigner(new Uint8Array(32).fill(7), accountSigner(new Uint8Array(32).fill(8)).address)
const HEAD = 1_000
const ENDS_AT = 2_000
const PRICE = 1_000n
const DENIED = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'

interface Changes {
  readonly deal?: Partial<DealView>
  readonly terms?: Partial<DealView['terms']>
  readonly ask?: Partial<NonNullable<Awaited<ReturnType<SignRenewalContext['market']>>['ask']>> | null
  readonly acceptDeals?: boolean
  readonly clients?: Partial<SignRenewalContext['clients']>
  readonly denylists?: readonly Denylist[]
  readonly free?: bigint
  readonly offered?: bigint
}

function contextOf(changes: Changes = {}): SignRenewalContext {
  const terms = {
    ...dealTermsToJson({
      client,
      provider: 1000,
      pieceCid: 'bafkzcibcoqcqgui3noriffu6zm5tdeevstwa3o2gwwfgffob4d3nyo7dwzfgwcy',
      pieceSize: 1024,
      payloadSize: 900,
      label: '',
      activateWithin: 600,
      duration: 1_000,
      pricePerEpoch: PRICE,
      // Half of the price.
      providerCollateral: 500_000n,
      validUntil: 1_000,
      nonce: 7n,
    }),
    ...changes.terms,
  } as DealView['terms']
  const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  const place = { activatedAt: 1_000, endsAt: ENDS_AT, sector: { provider: 1000, number: 3 } }
  const deal: DealView = { id: 5, agreementId, terms, state: 'active', ...money, ...epochs, ...place, ...changes.deal }
  const ask = {
    pricePerGiBEpoch: PRICE * 1024n ** 2n,
    pieceSizeMin: 128,
    pieceSizeMax: 2048,
    durationMin: 500,
    durationMax: 10_000,
    collateralShareMaxBps: 10_000,
    validUntil: 9_000,
    ...changes.ask,
  }
  const rules = {
    networkFeeBps: 500,
    minCollateralShareBps: 2_000,
    durationMin: 10,
    durationMax: 20_000,
    activateWithinMin: 1,
  }
  return {
    ...{ genesisHash, providerId: 1000, signer, acceptDeals: changes.acceptDeals ?? true },
    clients: { allow: [], deny: [], ...changes.clients },
    requireServed: (rootCid) => requireServed(changes.denylists ?? [], rootCid),
    market: async () => ({ head: HEAD, blockTimeMs: 500, ask: changes.ask === null ? undefined : ask, rules }),
    dealOnChain: async () => deal,
    freeCollateral: async () => changes.free ?? 10n ** 18n,
    offeredCollateral: () => changes.offered ?? 0n,
    renewals: createOpenRenewals(),
  }
}

test('a renewal is signed for this deal, this end and ten minutes, with the share that the deal has had', async () => {
  const { renewal, signature } = await signRenewal(contextOf(), { client, deal: 5, endsAt: 3_000 })
  expect(renewal).toEqual({
    deal: 5,
    agreementId,
    startsAt: ENDS_AT,
    endsAt: 3_000,
    providerCollateral: 500_000n,
    validUntil: HEAD + 1_200,
  })
  expect(verifySigner(dealRenewalDigest(genesisHash, renewal), signature)?.type).toBe('session')
})

test.each<[string, Changes, bigint]>([
  ['at least what the chain demands', { terms: { providerCollateral: '1' } }, 200_000n],
  ['at most what the ask allows', { ask: { collateralShareMaxBps: 3_000 } }, 300_000n],
  ['and the chain’s least where the ask allows less', { ask: { collateralShareMaxBps: 0 } }, 200_000n],
])('the share of collateral is %s', async (_what, changes, expected) => {
  const { renewal } = await signRenewal(contextOf(changes), { client, deal: 5, endsAt: 3_000 })
  expect(renewal.providerCollateral).toBe(expected)
})

const stranger = accountSigner(new Uint8Array(32).fill(2)).address

test.each<[string, Changes, { client?: typeof client; endsAt?: number }]>([
  ['DEAL_CLIENT_WRONG', {}, { client: stranger }],
  ['DEAL_CLIENT_WRONG', { terms: { provider: 1001 } }, {}],
  ['CLIENT_REFUSED', { clients: { deny: [client] } }, {}],
  ['CONTENT_DENIED', { denylists: [denies(DENIED)], terms: { rootCid: DENIED } }, {}],
  ['CLIENT_REFUSED', { clients: { allow: [stranger] } }, {}],
  ['DEALS_NOT_TAKEN', { acceptDeals: false }, {}],
  ['DEAL_OVER', { deal: { state: 'expired' } }, {}],
  ['DEAL_OVER', { deal: { state: 'cancelled' } }, {}],
  ['DEAL_OVER', { deal: { endsAt: HEAD } }, {}],
  ['DEAL_NOT_EXTENDABLE', {}, { endsAt: ENDS_AT }],
  ['DEAL_NOT_EXTENDABLE', {}, { endsAt: ENDS_AT - 1 }],
  ['NO_ASK', { ask: null }, {}],
  ['ASK_EXPIRED', { ask: { validUntil: HEAD - 1 } }, {}],
  ['DURATION_TOO_LONG', { ask: { durationMax: 1_999 } }, {}],
  ['RENEWAL_PRICE_LOW', { terms: { pricePerEpoch: `${PRICE - 1n}` } }, {}],
  ['COLLATERAL_SHORT', { free: 499_999n }, {}],
  ['COLLATERAL_SHORT', { free: 500_000n, offered: 1n }, {}],
])('%s: %j is refused for %j', async (code, changes, asked) => {
  const request = { client, deal: 5, endsAt: 3_000, ...asked }
  await expect(signRenewal(contextOf(changes), request)).rejects.toMatchObject({ code, hint: expect.any(String) })
})

test('what one renewal may lock is not promised again to another deal, until it has run out', async () => {
  const first = contextOf({ free: 999_999n })
  await signRenewal(first, { client, deal: 5, endsAt: 3_000 })
  // The same deal asks for other ends: the chain takes one of them, and the dearest stays promised.
  for (const endsAt of [2_900, 3_000, 2_001]) await signRenewal(first, { client, deal: 5, endsAt })
  const { dealOnChain } = first
  const other = { ...first, dealOnChain: async () => ({ ...(await dealOnChain(5)), id: 6 }) }
  await expect(signRenewal(other, { client, deal: 6, endsAt: 3_000 })).rejects.toMatchObject({
    code: 'COLLATERAL_SHORT',
  })
  const market = await first.market()
  const later = { ...other, market: async () => ({ ...market, head: HEAD + 1_201 }) }
  const running = { ...later, dealOnChain: async () => ({ ...(await dealOnChain(5)), id: 6, endsAt: 3_000 }) }
  await signRenewal(running, { client, deal: 6, endsAt: 4_000 })
})
