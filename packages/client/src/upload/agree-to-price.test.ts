import { expect, test } from '@jest/globals'
import { agreeToPrice } from './agree-to-price.ts'
import type { UploadQuote } from './upload-quote.ts'

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
