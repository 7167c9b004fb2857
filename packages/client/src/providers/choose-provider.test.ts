import type { RequestListener } from 'node:http'
import type { ProviderView } from '@granary/protocol/client'
import { createChainClient } from '@granary/protocol/client'
import type { ProviderInfo } from '@granary/protocol/market'
import { expect, test } from '@jest/globals'
import { genesisHash, providerView, serveChain } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { chooseProvider, type RefusalReason, rankProviders } from './choose-provider.ts'

const wanted = { pieceSize: 1 << 20, duration: 7_200 }
const url = 'http://127.0.0.1:7470'

function withAsk(id: number, changes: Partial<NonNullable<ProviderView['ask']>>): ProviderView {
  const view = providerView(id, url)
  return { ...view, ask: { ...view.ask!, ...changes } }
}

test('the cheapest comes first, the lower id first among equals', () => {
  const views = [
    withAsk(1002, { pricePerGiBEpoch: '20000000000000000001' }),
    withAsk(1003, { pricePerGiBEpoch: '9' }),
    withAsk(1001, { pricePerGiBEpoch: '20000000000000000000' }),
    withAsk(1000, { pricePerGiBEpoch: '20000000000000000000' }),
  ]
  expect(rankProviders(views, wanted, 100).candidates.map(({ id }) => id)).toEqual([1003, 1000, 1001, 1002])
})

const refusals: [RefusalReason, ProviderView, object][] = [
  ['NO_ASK', providerView(1, url, { ask: null }), {}],
  ['ASK_EXPIRED', withAsk(1, { validUntil: 100 }), {}],
  ['PIECE_TOO_SMALL', withAsk(1, { pieceSizeMin: (1 << 20) + 1 }), {}],
  ['PIECE_TOO_LARGE', withAsk(1, { pieceSizeMax: (1 << 20) - 1 }), {}],
  ['DURATION_TOO_SHORT', withAsk(1, { durationMin: 7_201 }), {}],
  ['DURATION_TOO_LONG', withAsk(1, { durationMax: 7_199 }), {}],
  ['COLLATERAL_TOO_LOW', withAsk(1, { collateralShareMaxBps: 9_199 }), { collateralShareBps: 9_200 }],
  ['NO_ENDPOINT', providerView(1, 'tcp://somewhere:1'), {}],
  ['REFUSED', providerView(1, url), { refusedBy: new Map([[1, 'its disk is full']]) }],
  ['NOT_THE_ONE_ASKED_FOR', providerView(1, url), { provider: 2 }],
]

test.each(refusals)('a provider is passed over: %s', (reason, view, changes) => {
  const { candidates, refusals: refused } = rankProviders([view], { ...wanted, ...changes }, 100)
  expect(candidates).toEqual([])
  expect(refused.map((refusal) => refusal.reason)).toEqual([reason])
})

test('bounds are inside', () => {
  const exact = withAsk(1, { pieceSizeMin: 1 << 20, pieceSizeMax: 1 << 20, durationMin: 7_200, durationMax: 7_200 })
  expect(rankProviders([exact], wanted, 999).candidates).toHaveLength(1)
  expect(rankProviders([exact], { ...wanted, collateralShareBps: 10_000 }, 999).candidates).toHaveLength(1)
})

function info(id: number, changes: Partial<ProviderInfo> = {}): ProviderInfo {
  const profile = { name: '8MiB-dev', sectorBytes: 8 << 20 }
  const base = { id, address: `0x${'11'.repeat(20)}`, name: '', region: '', freeBytes: 1 << 30, version: '0' } as const
  const places = { peerId: '', multiaddrs: [], endpoints: [], ask: null, profile, profiles: [profile.name] }
  return { ...base, ...places, chain: { genesisHash, height: 100, url: '' }, ...changes }
}

function serveInfo(answer: object) {
  return serve((_request, response) => void response.end(JSON.stringify(answer)))
}

test('a provider that is away, on another chain, somebody else or full is passed over for one that serves', async () => {
  await using other = await serveInfo(
    info(1001, { chain: { genesisHash: `0x${'cd'.repeat(32)}`, height: 1, url: '' } }),
  )
  await using somebody = await serveInfo(info(9))
  await using full = await serveInfo(info(1003, { freeBytes: 1 }))
  await using good = await serveInfo(info(1004))
  const endpoints = ['http://127.0.0.1:9', other.url, somebody.url, full.url, good.url]
  const providers = endpoints.map((endpoint, index) => providerView(1000 + index, endpoint))
  await using chain = await serveChain(() => ({ providers }))
  const reasons: string[] = []
  const chosen = await chooseProvider(
    { chain: createChainClient({ url: chain.url }), wanted },
    { onRefused: ({ reason }) => reasons.push(reason) },
  )
  expect(chosen.view.id).toBe(1004)
  expect(chosen.endpoint).toBe(good.url)
  expect(reasons).toEqual(['UNREACHABLE', 'OTHER_CHAIN', 'NOT_THE_PROVIDER', 'NO_SPACE'])
})

test('when nobody is left the error names each provider and why', async () => {
  const providers = [withAsk(1000, { pieceSizeMax: 1024 }), providerView(1001, 'http://127.0.0.1:9')]
  await using served = await serveChain(() => ({ providers }))
  const chain = createChainClient({ url: served.url })
  const failure = await chooseProvider({ chain, wanted }).catch((error) => error)
  expect(failure.code).toBe('NO_PROVIDER')
  expect(failure.message).toContain('provider 1000 (p1000): it takes pieces of 1024 bytes or less')
  expect(failure.message).toContain('provider 1001 (p1001): the provider at http://127.0.0.1:9')
  expect(failure.retryable).toBe(true)
  const none = await chooseProvider({ chain, wanted: { ...wanted, provider: 7 } }).catch((error) => error)
  expect(none.message).toContain('as provider 7: there is no such provider')
})

test('providers are asked side by side, and the cheapest that answers is taken', async () => {
  const both = Promise.withResolvers<void>()
  let asked = 0
  const answerOnceBothAreAsked =
    (id: number): RequestListener =>
    async (_request, response) => {
      if (++asked === 2) both.resolve()
      await both.promise
      response.end(JSON.stringify(info(id)))
    }
  await using cheap = await serve(answerOnceBothAreAsked(1000))
  await using dear = await serve(answerOnceBothAreAsked(1001))
  const providers = [providerView(1001, dear.url), providerView(1000, cheap.url)]
  await using served = await serveChain(() => ({ providers }))
  const chosen = await chooseProvider({ chain: createChainClient({ url: served.url }), wanted })
  expect(chosen.view.id).toBe(1000)
})
