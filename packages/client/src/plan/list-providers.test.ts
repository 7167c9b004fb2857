import { systemClock } from '@granary/base'
import { createChainClient, type ProviderView } from '@granary/protocol/client'
import type { ProviderInfo } from '@granary/protocol/market'
import { expect, test } from '@jest/globals'
import { genesisHash, providerView, serveChain } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { days } from '../duration.ts'
import { listProviders } from './list-providers.ts'

const GIB = 1 << 30

function infoOf(id: number, changes: Partial<ProviderInfo> = {}): ProviderInfo {
  const base = { id, address: `0x${'11'.repeat(20)}`, name: '', region: '', freeBytes: GIB, version: '0' } as const
  const profile = { name: '8MiB-dev', sectorBytes: 8 << 20 }
  const places = { peerId: '', multiaddrs: [], endpoints: [], ask: null, profile, profiles: [profile.name] }
  return { ...base, ...places, chain: { genesisHash, height: 100, url: '' }, ...changes }
}

const serveInfo = (info: ProviderInfo) =>
  serve((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(info)))

function priced(view: ProviderView, pricePerGiBEpoch: string, pieceSizeMax = 8 << 20): ProviderView {
  return { ...view, ask: { ...view.ask!, pricePerGiBEpoch, pieceSizeMax } }
}

test('every provider of the chain is listed, with its price, whether it answers, and what a plan makes of it', async () => {
  await using cheap = await serveInfo(infoOf(1))
  await using dear = await serveInfo(infoOf(2))
  await using full = await serveInfo(infoOf(3, { freeBytes: 5 }))
  await using strange = await serveInfo(infoOf(9))
  const views = [
    priced(providerView(2, dear.url), '2000'),
    priced(providerView(1, cheap.url, { region: 'eu' }), '1000'),
    providerView(3, full.url),
    providerView(4, strange.url),
    providerView(5, 'http://127.0.0.1:1'),
    providerView(6, 'tcp://somewhere:1'),
    providerView(7, cheap.url, { ask: null }),
    priced(providerView(8, 'http://127.0.0.1:1'), '1', 64),
  ]
  await using chain = await serveChain(() => ({ status: { blockTimeMs: 1_000 }, providers: views }))
  const client = createChainClient({ url: chain.url })
  const input = { chain: client, fetch, clock: systemClock }
  const { wanted, providers } = await listProviders(input)
  expect(wanted).toEqual({ pieceSize: 128, duration: 3_600, durationMs: 3_600_000 })
  expect(providers.slice(0, 2)).toMatchObject([
    {
      ...{ id: 1, region: 'eu', endpoint: cheap.url, pieceSizes: { min: 128, max: 8 << 20 } },
      pricePerGiBMonth: 1_000n * 30n * 86_400n,
      answer: { state: 'answers', freeBytes: GIB },
      standing: { state: 'fits', score: 100, reasons: ['no other is cheaper'] },
    },
    { id: 2, standing: { state: 'fits', score: 50, reasons: ['the cheapest asks 50 % of its price'] } },
  ])
  const others = providers
    .slice(2)
    .map(({ id, answer, standing }) => [id, answer.state, 'reason' in standing && standing.reason])
  expect(others).toEqual([
    [3, 'answers', 'NO_SPACE'],
    [4, 'answers', 'NOT_THE_PROVIDER'],
    [5, 'silent', 'UNREACHABLE'],
    [6, 'silent', 'NO_ENDPOINT'],
    [7, 'answers', 'NO_ASK'],
    [8, 'silent', 'PIECE_TOO_LARGE'],
  ])
  expect(providers.find(({ id }) => id === 7)).toMatchObject({ pricePerGiBMonth: null, pieceSizes: null })
  const long = await listProviders(input, { duration: days(24) })
  expect(long.providers[0]!.standing).toMatchObject({ reason: 'DURATION_TOO_LONG' })
})
