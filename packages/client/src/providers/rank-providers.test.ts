import type { ProviderView } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { providerView } from '../../test/chain-answers.ts'
import { NoProviderError, type RefusalReason, rankProviders } from './rank-providers.ts'

const wanted = { pieceSize: 1 << 20, duration: 7_200 }
const now = { height: 100, timeMs: 0, blockTimeMs: 5_000 }
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
  expect(rankProviders(views, wanted, now).candidates.map(({ id }) => id)).toEqual([1003, 1000, 1001, 1002])
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
  const { candidates, refusals: refused } = rankProviders([view], { ...wanted, ...changes }, now)
  expect(candidates).toEqual([])
  expect(refused.map((refusal) => refusal.reason)).toEqual([reason])
})

test('bounds are inside', () => {
  const exact = withAsk(1, { pieceSizeMin: 1 << 20, pieceSizeMax: 1 << 20, durationMin: 7_200, durationMax: 7_200 })
  expect(rankProviders([exact], wanted, { ...now, height: 999 }).candidates).toHaveLength(1)
  expect(
    rankProviders([exact], { ...wanted, collateralShareBps: 10_000 }, { ...now, height: 999 }).candidates,
  ).toHaveLength(1)
})

test('what somebody reads of a duration is days and hours, with the epochs beside them', () => {
  const views = [
    withAsk(1, { durationMin: 17_280 * 30 }),
    withAsk(2, { durationMax: 720 }),
    withAsk(3, { validUntil: 40 }),
  ]
  const { refusals: refused } = rankProviders(views, wanted, now)
  expect(new NoProviderError(wanted, refused, now).message).toBe(
    'nobody takes a piece of 1048576 bytes for 10 h (7200 epochs): ' +
      'provider 1 (p1): it takes deals of 30 d (518400 epochs) or more; ' +
      'provider 2 (p2): it takes deals of 1 h (720 epochs) or less; ' +
      'provider 3 (p3): its ask ended 5 min (60 epochs) ago',
  )
})
