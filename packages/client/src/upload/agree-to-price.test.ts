import { dealTermsToJson, type Hash } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { someTerms } from '../../test/a-deal.ts'
import { apply, type UploadState } from '../journal/upload-state.ts'
import { agreeToPrice, priceAgreed } from './agree-to-price.ts'
import type { UploadQuote } from './upload-quote.ts'

const hash: Hash = `0x${'9'.repeat(64)}`
const terms = dealTermsToJson(someTerms())

const quote: UploadQuote = {
  ...{ rootCid: 'root', fileBytes: 1, pieces: [{ payloadSize: 59, pieceSize: 128 }], copies: 1 },
  ...{
    duration: 5,
    durationMs: 5_000,
    renewUntil: null,
    renewUntilMs: null,
    withoutEffect: [],
    price: '800',
    order: '0',
    recordFees: '4',
    messageFees: '3',
    spareFees: '0',
    total: '807',
  },
  ...{ month: '0', perGiBMonth: '0', storedBytes: 59 },
  slots: [
    { ...{ slot: 0, piece: 0, copy: 0, provider: 7, name: '', price: '800' }, score: 100, reasons: [], shares: [] },
  ],
}

test('the price that was confirmed is the most that is spent', async () => {
  let asked: UploadQuote | undefined
  const confirm = (seen: UploadQuote) => {
    asked = seen
  }
  expect(await agreeToPrice(quote, { confirm }, false)).toBe(807n)
  expect(asked).toBe(quote)
  expect(await agreeToPrice(quote, { confirm }, true)).toBe(807n)
})

test('who never answers is not waited for when the call is ended', async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  const confirm = () => {
    stop.abort(reason)
    return new Promise<void>(() => undefined)
  }
  await expect(agreeToPrice(quote, { confirm, signal: stop.signal }, false)).rejects.toBe(reason)
})

test('a bound that was given is the bound, and any price will do for who says so', async () => {
  const confirm = () => undefined
  expect(await agreeToPrice(quote, { confirm, maxPrice: 900n }, false)).toBe(900n)
  expect(await agreeToPrice(quote, { maxPrice: 'any' }, false)).toBeUndefined()
  await expect(agreeToPrice(quote, { maxPrice: 806n }, true)).rejects.toMatchObject({ code: 'PRICE_ABOVE_MAX' })
})

test('where nobody has agreed nothing is spent, nor in place of deals that are made already', async () => {
  await expect(agreeToPrice(quote, {}, false)).rejects.toMatchObject({ code: 'SPENDING_UNCONFIRMED' })
  const declined = new Error('no')
  const confirm = () => Promise.reject(declined)
  await expect(agreeToPrice(quote, { confirm }, false)).rejects.toBe(declined)
  const made = { ...quote, slots: [], total: '0' }
  expect(await agreeToPrice(made, { confirm }, false)).toBe(0n)
  expect(await agreeToPrice(made, {}, false)).toBe(0n)
  // But by what was agreed to when they were made.
  expect(await agreeToPrice(made, { confirm }, false, '807')).toBe(807n)
  expect(await agreeToPrice(made, {}, false, null)).toBeUndefined()
  expect(await agreeToPrice(made, { maxPrice: 5n }, false, '807')).toBe(5n)
})

test('a bound that is given again is of what was spent before, too: that of a lost deal and of one that is kept', () => {
  const paid: Hash[] = []
  const spending = { maxPrice: '100', paid, lost: '5' }
  const slot = { piece: 0, copy: 0, state: 'vacant' } as const
  const kept = { ...slot, copy: 1, state: 'published', provider: 1, agreementId: hash, terms, dealId: 5 } as const
  const content = { genesisHash: hash, rootCid: 'root', name: 'f', fileBytes: 1, duration: 5, pieces: quote.pieces }
  const state: UploadState = { ...content, slots: [slot, kept], spending }
  const after = (inAll: boolean, isToPay = true) =>
    priceAgreed(state, { maxPrice: 90n, inAll, isToPay }).reduce(apply, state).spending
  expect(after(true)).toEqual({ maxPrice: '90', paid, lost: '5' })
  // What is agreed to anew is beside what was paid.
  expect(after(false)).toEqual({ maxPrice: '90', paid: [hash], lost: '0' })
  expect(after(true, false)).toEqual(spending)
  expect(priceAgreed({ ...state, spending: undefined }, { maxPrice: undefined, inAll: true, isToPay: false })).toEqual([
    { type: 'price:agreed', maxPrice: null, inAll: true },
  ])
})
