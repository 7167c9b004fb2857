import { expect, test } from '@jest/globals'
import { formatAddress, parseAddress } from './index.ts'

// The test vectors of ERC-55.
const checksummed = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
]
const mixed = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'

test.each(checksummed)('%s is read and written as the vector has it', (text) => {
  const address = parseAddress(text)
  expect(address).toBe(text.toLowerCase())
  expect(formatAddress(address)).toBe(text)
})

test('all in one case it has no checksum', () => {
  expect(parseAddress(mixed.toLowerCase())).toBe(mixed.toLowerCase())
  expect(parseAddress(`0x${mixed.slice(2).toUpperCase()}`)).toBe(mixed.toLowerCase())
})

test('one letter of another case is found', () => {
  expect(() => parseAddress(mixed.replace('A', 'a'))).toThrow('checksum')
})

test.each(['', '0x', '0x12', `0x${'1'.repeat(41)}`, `${'1'.repeat(40)}`, `0x${'g'.repeat(40)}`])(
  '"%s" is no address',
  (text) => {
    expect(() => parseAddress(text)).toThrow('expected an address')
  },
)
