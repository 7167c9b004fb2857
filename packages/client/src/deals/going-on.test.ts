import type { DealView } from '@granary/protocol/client'
import { dealTermsToJson } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { someTerms } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import { goingOn, goingOnOf } from './going-on.ts'

const HEIGHT = 1_000
const blockTimeMs = 5_000
const NOW = { height: HEIGHT, blockTimeMs, timeMs: 9_000_000 }
const DAY = 17_280

function active(changes: Partial<DealView>, extendableUntil?: number): DealView {
  const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  const terms = dealTermsToJson(someTerms(extendableUntil === undefined ? {} : { extendableUntil }))
  return { id: 5, agreementId: genesisHash, terms, state: 'active', ...money, ...epochs, ...changes }
}

test.each<[number, number | null]>([
  [31 * DAY, null],
  [30 * DAY + 1, null],
  [30 * DAY, 30],
  [14 * DAY + 1, 30],
  [14 * DAY, 14],
  [3 * DAY + 1, 14],
  [3 * DAY, 3],
  [1, 3],
])('%i epochs before its end a deal has the warning of %s days', (left, warning) => {
  expect(goingOn(active({ endsAt: HEIGHT + left }), NOW)).toMatchObject({
    ...{ endsInMs: left * blockTimeMs, endsAtMs: NOW.timeMs + left * blockTimeMs },
    warning,
  })
})

test('what a month more costs is the price of its epochs', () => {
  const going = goingOn(active({ endsAt: HEIGHT + 1 }, 9_000), NOW)
  expect(going).toMatchObject({ deal: 5, pricePerMonth: 1024n * 30n * BigInt(DAY), extendableUntil: 9_000 })
  expect(going?.extendableUntilMs).toBe(NOW.timeMs + 8_000 * blockTimeMs)
  expect(goingOn(active({ endsAt: HEIGHT + 1 }), NOW)).toMatchObject({
    ...{ extendableUntil: null, extendableUntilMs: null },
  })
})

test.each<[Partial<DealView>]>([
  [{ state: 'published' }],
  [{ state: 'expired', endsAt: 900 }],
  [{ state: 'active', endsAt: HEIGHT }],
])('a deal that does not run goes nowhere: %j', (changes) => {
  expect(goingOn(active(changes), NOW)).toBeUndefined()
})

describe('a standing order', () => {
  const DURATION = Number(someTerms().duration)
  const price = someTerms().pricePerEpoch
  const ordered = (left: number, until: number, id = 5): DealView =>
    active({ id, endsAt: HEIGHT + left, orderedUntil: HEIGHT + until }, HEIGHT + until)
  const time = NOW

  test('warns before its own end, as long as the money lasts', () => {
    const deal = ordered(DURATION, DURATION + 40 * DAY)
    const month = price * 30n * BigInt(DAY)
    expect(goingOn(deal, time, month)).toMatchObject({
      order: { state: 'kept', untilMs: NOW.timeMs + (DURATION + 40 * DAY) * blockTimeMs },
      warning: null,
    })
    const unfunded = goingOn(deal, time, month - 1n)
    expect(unfunded).toMatchObject({ order: { state: 'unfunded' }, lastsMs: DURATION * blockTimeMs })
    expect(unfunded?.warning).toBe(goingOn(active({ endsAt: HEIGHT + DURATION }), time)?.warning)
    expect(goingOn(ordered(DURATION, DURATION + 10), time, price * 10n)).toMatchObject({ order: { state: 'kept' } })
  })

  test('that nobody has had paid is overdue, and one that is done is none', () => {
    const deal = ordered(Math.floor(DURATION / 4) - 1, 40 * DAY)
    expect(goingOn(deal, time, 10n ** 30n)).toMatchObject({
      order: { state: 'overdue' },
      endsInMs: deal.endsAt! && (deal.endsAt! - HEIGHT) * blockTimeMs,
    })
    expect(goingOn(ordered(DURATION, DURATION), time)?.order).toBeNull()
  })

  test('shares its balance with those that end before it', () => {
    const [first, second] = [ordered(DURATION, DURATION + 100, 7), ordered(DURATION + 1, DURATION + 101, 6)]
    const going = goingOnOf([second, first], time, new Map([[first.terms.client, price * 150n]]))
    expect([going.get(7)?.order?.state, going.get(6)?.order?.state]).toEqual(['kept', 'unfunded'])
  })
})
