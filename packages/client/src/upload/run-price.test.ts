import { dealFee, dealTermsToJson, quoteToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aQuote, someTerms } from '../../test/a-deal.ts'
import type { Slot, Spending } from '../journal/upload-state.ts'
import { dealFeesWithin, lostBy, offeredPrice, runPrice } from './run-price.ts'

const hashOf = (digit: number) => `0x${`${digit}`.repeat(64)}` as const
const dealOf = (copy: number) => ({
  ...{ piece: 0, copy, provider: copy, agreementId: hashOf(copy), providerSignature: '0x00' as const },
  terms: dealTermsToJson(someTerms({ pricePerEpoch: 8n, duration: 100 })),
})
const made: Extract<Slot, { state: 'published' }> = { ...dealOf(0), state: 'published', dealId: 5 }
const begun: Slot = {
  ...{ piece: 0, copy: 1, state: 'uploaded', provider: 1, uploadUrl: 'u' },
  quote: quoteToJson(aQuote({ pricePerEpoch: 8n, total: 800n })),
}
const none: ReadonlySet<number> = new Set()
const spendingOf = (...paid: `0x${string}`[]): Spending => ({ maxPrice: null, paid, lost: '0' })
const NO_ORDER = { until: 0, from: 0 }

test('what an earlier run has paid is no part of what this one may spend', () => {
  const slots = [made, begun]
  const spending = spendingOf(made.agreementId)
  expect(runPrice({ slots, spending }, { skipped: none, feesPerDeal: 7n, order: NO_ORDER, dealFees: new Map() })).toBe(
    807n,
  )
  // What this run has published itself is.
  const later: Slot[] = [made, { ...dealOf(1), state: 'active', dealId: 6 }]
  expect(
    runPrice({ slots: later, spending }, { skipped: none, feesPerDeal: 7n, order: NO_ORDER, dealFees: new Map() }),
  ).toBe(807n)
})

test('a deal that takes the place of a paid one that ended is paid anew', () => {
  const spending = spendingOf(made.agreementId)
  const anew: Slot = { ...dealOf(0), agreementId: hashOf(9), state: 'agreed' }
  expect(
    runPrice({ slots: [anew], spending }, { skipped: none, feesPerDeal: 7n, order: NO_ORDER, dealFees: new Map() }),
  ).toBe(807n)
})

test('copies that nobody wants any more cost nothing', () => {
  expect(
    runPrice(
      { slots: [made, begun] },
      { skipped: new Set([1]), feesPerDeal: 7n, order: NO_ORDER, dealFees: new Map() },
    ),
  ).toBe(807n)
})

test('the fees of a deal follow the chain, as far as something is left, and what they take is gone for others', () => {
  const fees = { feeBase: 50n, feeByte: 0n, feeUnit: 0n, feeProving: 0n }
  const params = { accountFee: 1_000n }
  const now = { feesPerDeal: 7n, fees, params }
  expect(dealFeesWithin(1_000n, now)).toBe(100n + dealFee(params))
  expect(dealFeesWithin(60n, now)).toBe(60n)
  expect(dealFeesWithin(1_000n, { ...now, fees: { ...fees, feeBase: 0n }, feesPerDeal: 800n })).toBe(800n)
  const agreed: Slot = { ...dealOf(0), state: 'agreed' }
  const run = {
    skipped: none,
    feesPerDeal: 7n,
    order: NO_ORDER,
    dealFees: new Map([[hashOf(0), 60n]]),
  }
  expect(runPrice({ slots: [agreed, begun] }, run)).toBe(860n + 807n)
  expect(offeredPrice({ slots: [agreed, begun] }, run)).toBe(860n)
})

test('what a standing order may cost is held to what may be spent, that of terms which an earlier run has made too', () => {
  const run = { skipped: none, feesPerDeal: 7n, dealFees: new Map() }
  expect(runPrice({ slots: [begun] }, { ...run, order: { until: 1_150, from: 1_000 } })).toBe(807n + 8n * 50n)
  const terms = dealTermsToJson(someTerms({ pricePerEpoch: 8n, duration: 100, extendableUntil: 1_130 }))
  const agreed: Slot = { ...dealOf(0), terms, state: 'agreed' }
  expect(runPrice({ slots: [agreed] }, { ...run, order: { until: 0, from: 1_000 } })).toBe(807n + 8n * 30n)
})

test('a deal that lapsed has cost its fees, and what comes back of one that was paid before is there for another', () => {
  const run = { skipped: none, feesPerDeal: 7n, order: NO_ORDER, dealFees: new Map([[made.agreementId, 5n]]) }
  expect(lostBy(made, spendingOf(), run, true)).toBe(5n)
  expect(lostBy(made, spendingOf(made.agreementId), run, true)).toBe(-800n)
  // Of one that was terminated it is not known what comes back.
  expect(lostBy(made, spendingOf(), run, false)).toBe(805n)
  const spending = { ...spendingOf(), lost: '5' }
  expect(runPrice({ slots: [begun], spending }, run)).toBe(812n)
  expect(offeredPrice({ slots: [made, begun], spending }, run)).toBe(810n)
})
