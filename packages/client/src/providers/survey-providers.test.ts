import type { RequestListener } from 'node:http'
import { systemClock } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import { createChainClient } from '@granary/protocol/client'
import type { ProviderInfo } from '@granary/protocol/market'
import { expect, test } from '@jest/globals'
import { genesisHash, providerView, serveChain } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { planUpload } from '../plan/plan-upload.ts'
import { NoProviderError, type ProviderRefusal } from './rank-providers.ts'
import { type Survey, surveyProviders } from './survey-providers.ts'

const PIECE_BYTES = 1 << 20
const DURATION = 7_200

function withAsk(id: number, changes: Partial<NonNullable<ProviderView['ask']>>): ProviderView {
  const view = providerView(id, 'http://127.0.0.1:7470')
  return { ...view, ask: { ...view.ask!, ...changes } }
}

interface Asked {
  readonly provider?: number
  readonly onRefused?: (refusal: ProviderRefusal) => void
}

/** What is learnt of the providers of a chain, and who gets a piece by it. */
async function surveyed(
  url: string,
  { provider, onRefused = () => undefined }: Asked = {},
): Promise<{ survey: Survey; choose: () => number }> {
  const input = { chain: createChainClient({ url }), clock: systemClock, fetch, genesisHash, deals: [], onRefused }
  const wanted = { duration: DURATION, provider }
  const survey = await surveyProviders(
    { ...input, wanted, pieceSizes: new Set([PIECE_BYTES]), enough: 2, awaited: new Set() },
    {},
  )
  const choose = () => {
    const pieces = [{ payloadSize: PIECE_BYTES - 4096 * 2, pieceSize: PIECE_BYTES }]
    const plan = { pieces, slots: [{ piece: 0, copy: 0 }], open: [0], duration: DURATION, provider }
    return planUpload({ ...plan, ...survey })[0]!.provider
  }
  return { survey, choose }
}

async function failureOf(surveying: ReturnType<typeof surveyed>): Promise<NoProviderError> {
  const { choose } = await surveying
  try {
    choose()
  } catch (error) {
    if (error instanceof NoProviderError) return error
  }
  throw new Error('somebody was found')
}

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
  const { survey, choose } = await surveyed(chain.url, { onRefused: ({ reason }) => reasons.push(reason) })
  expect(choose()).toBe(1004)
  expect(survey.candidates.map(({ endpoint }) => endpoint)).toEqual([good.url])
  expect(reasons.sort()).toEqual(['NOT_THE_PROVIDER', 'NO_SPACE', 'OTHER_CHAIN', 'UNREACHABLE'])
})

test('when nobody is left the error names each provider and why', async () => {
  const providers = [withAsk(1000, { pieceSizeMax: 1024 }), providerView(1001, 'http://127.0.0.1:9')]
  await using served = await serveChain(() => ({ providers }))
  const failure = await failureOf(surveyed(served.url))
  expect(failure.code).toBe('NO_PROVIDER')
  expect(failure.message).toContain('provider 1000 (p1000): it takes pieces of 1024 bytes or less')
  expect(failure.message).toContain('provider 1001 (p1001): the provider at http://127.0.0.1:9')
  expect(failure.retryable).toBe(true)
  const none = await failureOf(surveyed(served.url, { provider: 7 }))
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
  expect((await surveyed(served.url)).choose()).toBe(1000)
})
