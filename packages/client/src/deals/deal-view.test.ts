import { type DealView as ChainDeal, createChainClient } from '@granary/protocol/client'
import { dealTermsToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { someTerms } from '../../test/a-deal.ts'
import { genesisHash, providerView, sectorView, serveChain } from '../../test/chain-answers.ts'
import { viewDeals } from './deal-view.ts'

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const money = { locked: '5', paid: '1', burnt: '0', refunded: '0', compensated: '0', earned: '2' }
const epochs = { publishedAt: 10, lapsesAt: 20, provenEpochs: 3, faultedEpochs: 0, settledThrough: 15 }

function aDeal(id: number, changes: Partial<ChainDeal> = {}): ChainDeal {
  const terms = dealTermsToJson(someTerms({ rootCid, label: 'mine' }))
  return { id, agreementId: genesisHash, terms, state: 'active', ...money, ...epochs, ...changes }
}

test('a deal has its dates beside its epochs, its name from the journal, and where it is proven', async () => {
  let questions = 0
  const place = { activatedAt: 15, endsAt: 115, sector: { provider: 1000, number: 3 } }
  await using served = await serveChain(() => {
    questions += 1
    return {
      status: { height: 100, timeMs: 1_000_000, blockTimeMs: 500 },
      providers: [providerView(1000, 'http://p')],
      sectors: [sectorView('faulty')],
    }
  })
  const chain = createChainClient({ url: served.url })
  const state = { genesisHash, rootCid, name: '/f', fileBytes: 1, duration: 100, pieces: [], slots: [] }
  const journal = { list: async () => [state] }
  const deals = [aDeal(5, place), aDeal(6, place), aDeal(7, { state: 'published' })]
  const [first, second, third] = await viewDeals({ chain, journal, deals })
  expect(first).toMatchObject({
    ...{ id: 5, provider: 1000, providerName: 'p1000', endpoint: 'http://p', path: '/f', label: 'mine' },
    ...{ sector: 3, partition: null, publishedAt: 10, publishedAtMs: 955_000, lapsesAtMs: 960_000 },
    ...{ activatedAtMs: 957_500, endsAt: 115, endsAtMs: 1_007_500, duration: 100, durationMs: 50_000 },
    ...{ price: `${1024 * 100}`, pricePerEpoch: '1024', goingOn: { endsAt: 115, warning: 3 } },
  })
  expect(Object.keys(second!)).toEqual(Object.keys(third!))
  expect(third).toMatchObject({ sector: null, activatedAt: null, activatedAtMs: null, endsAt: null, goingOn: null })
  // The head, the provider and the sector, each once.
  expect(questions).toBe(3)
})

test('a sector that the chain has forgotten is no place, and anything else that fails is told', async () => {
  const deals = [aDeal(5, { state: 'expired', sector: { provider: 1000, number: 9 } })]
  const providers = [providerView(1000, 'http://p')]
  await using served = await serveChain(() => ({ providers }))
  const chain = createChainClient({ url: served.url })
  expect(await viewDeals({ chain, deals })).toMatchObject([{ sector: 9, partition: null, faulty: false, path: null }])
  await using empty = await serveChain(() => ({}))
  await expect(viewDeals({ chain: createChainClient({ url: empty.url }), deals })).rejects.toMatchObject({
    code: 'PROVIDER_NOT_FOUND',
  })
})
