import { expect, test } from '@jest/globals'
import { type PriceQuoteInput, priceQuote } from './price-quote.ts'

const GIB = 1024 ** 3
const input: PriceQuoteInput = {
  ask: {
    pricePerGiBEpoch: 1000n,
    pieceSizeMin: 256,
    pieceSizeMax: 4 * GIB,
    durationMin: 60,
    collateralShareMaxBps: 9_200,
    durationMax: 1000,
    validUntil: 500,
  },
  rules: { networkFeeBps: 500, minCollateralShareBps: 2000, durationMin: 1, durationMax: 10_000, activateWithinMin: 1 },
  sectorBytes: 2 * GIB,
  head: 100,
  blockTimeMs: 30_000,
  pieceSize: GIB,
  duration: 100,
}

test.each([
  [{ duration: 59 }, 'a duration of 29 min 30 s (59 epochs) is below the least of 30 min (60 epochs)'],
  [{ duration: 2_880 }, 'a duration of 1 d (2880 epochs) is above the limit of 8 h 20 min (1000 epochs)'],
  [{ head: 620 }, "this provider's ask ended 1 h (120 epochs) ago"],
])('%j is refused in time that people know', (change, message) => {
  expect(() => priceQuote({ ...input, ...change })).toThrow(message)
})

test('a price is the ask, by size and epochs, with fee and collateral as shares of it', () => {
  expect(priceQuote(input)).toEqual({
    pricePerEpoch: 1000n,
    total: 100_000n,
    networkFee: 5_000n,
    providerCollateral: 20_000n,
  })
})

test('a fraction of the smallest unit is rounded up, a price is never nothing', () => {
  expect(priceQuote({ ...input, pieceSize: 256 })).toMatchObject({ pricePerEpoch: 1n, providerCollateral: 20n })
})

test.each([
  ['PIECE_SIZE_INVALID', { pieceSize: GIB - 1 }],
  ['PIECE_SIZE_INVALID', { pieceSize: 64 }],
  ['PIECE_SIZE_INVALID', { pieceSize: 0 }],
  ['PIECE_TOO_SMALL', { pieceSize: 128 }],
  ['PIECE_TOO_LARGE', { pieceSize: 4 * GIB }],
  ['DURATION_TOO_SHORT', { duration: 59 }],
  ['DURATION_TOO_LONG', { duration: 1001 }],
  ['ASK_EXPIRED', { head: 501 }],
  ['COLLATERAL_TOO_HIGH', { collateralShareBps: 9_201 }],
] as const)('%s for %j', (code, change) => {
  expect(() => priceQuote({ ...input, ...change })).toThrow(expect.objectContaining({ code }))
})

test('the bound that was broken is named with its figures', () => {
  expect(() => priceQuote({ ...input, pieceSize: 4 * GIB })).toThrow(
    expect.objectContaining({ details: { bound: 'pieceSizeMax', limit: 2 * GIB, asked: 4 * GIB } }),
  )
})

test('each bound itself is still taken', () => {
  for (const change of [
    { pieceSize: 256 },
    { pieceSize: 2 * GIB },
    { duration: 60 },
    { duration: 1000 },
    { head: 500 },
  ])
    expect(priceQuote({ ...input, ...change }).total).toBeGreaterThan(0n)
})

test.each([
  [9_200, 92_000n],
  [2_001, 20_010n],
  [2_000, 20_000n],
  [1, 20_000n],
])(
  'a client that asks for collateral of %i bps gets it, and never less than the chain demands',
  (collateralShareBps, expected) => {
    const price = priceQuote({ ...input, collateralShareBps })
    expect(price).toEqual({ ...priceQuote(input), providerCollateral: expected })
  },
)

test('collateral beyond the most of the ask is refused with its figures', () => {
  const details = { bound: 'collateralShareMaxBps', limit: 9_200, asked: 10_000 }
  expect(() => priceQuote({ ...input, collateralShareBps: 10_000 })).toThrow(expect.objectContaining({ details }))
})

test('the chain may be stricter than the ask', () => {
  const rules = { ...input.rules, durationMin: 101 }
  expect(() => priceQuote({ ...input, rules })).toThrow(expect.objectContaining({ code: 'DURATION_TOO_SHORT' }))
})
