import { expect, test } from '@jest/globals'
import { formatGrn, parseGrn } from './index.ts'

test.each([
  [0n, '0 GRN'],
  [1n, '0.000000000000000001 GRN'],
  [12_500_000_000_000_000n, '0.0125 GRN'],
  [10n ** 18n, '1 GRN'],
  [123n * 10n ** 18n + 5n * 10n ** 17n, '123.5 GRN'],
])('%s attoGRN is written %s, and back', (amount, text) => {
  expect(formatGrn(amount)).toBe(text)
  expect(parseGrn(text)).toBe(amount)
  expect(parseGrn(text.replace(' GRN', ''))).toBe(amount)
})

test.each([
  ['1500 attoGRN', 1_500n],
  ['0attoGRN', 0n],
  [' 1.5 GRN ', 15n * 10n ** 17n],
  ['9007199254740993 attoGRN', 9_007_199_254_740_993n],
  [`${2n ** 128n - 1n} attoGRN`, 2n ** 128n - 1n],
])('%j is %s attoGRN, to the last digit', (text, amount) => {
  expect(parseGrn(text)).toBe(amount)
})

test('more than an amount can hold is none', () => {
  expect(() => parseGrn(`${2n ** 128n} attoGRN`)).toThrow('128 bits')
  expect(() => parseGrn('999999999999999999999')).toThrow('128 bits')
})

test.each([
  '1.5 attoGRN',
  '-1 attoGRN',
  '1e18 attoGRN',
  '1 attogrn',
  '٣',
  '1_000',
  '1 000',
  '',
  '1,5',
  '-1',
  '1.',
  '.5',
  '1.0000000000000000001',
  '1 ETH',
  '0x10',
  '9'.repeat(22),
])('"%s" is no amount', (text) => {
  expect(() => parseGrn(text)).toThrow('expected GRN')
})
