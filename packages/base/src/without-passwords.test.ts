import { expect, test } from '@jest/globals'
import { GranaryError } from './granary-error.ts'
import { withoutPasswords } from './without-passwords.ts'

test.each([
  ['http://ann:word@host:80/path?a#b', 'http://host:80/path?a#b'],
  ['no answer of https://ann@host, nor of http://:word@host', 'no answer of https://host, nor of http://host'],
  // Of several, the last ends the user and the password.
  ['http://ann:wo@rd@host/', 'http://host/'],
  ['redis://:wo:rd@[::1]:6379', 'redis://[::1]:6379'],
  ['HTTPS:ann:word@host, http:/ann@host, http:\\\\ann@host', 'HTTPS:host, http:/host, http:\\\\host'],
  ['http://host/@ann and ann@host', 'http://host/@ann and ann@host'],
  ['http://host?to=ann@host', 'http://host?to=ann@host'],
])('of an address the user and the password are left out: %s', (text, shown) => {
  expect(withoutPasswords(text)).toBe(shown)
})

test('no error has a password of an address, in its words, its hint or its details', () => {
  const url = 'http://ann:word@host/x'
  const details = { url, failures: [{ endpoint: url, bytes: 5n, missing: undefined, at: null }], seen: new Date(0) }
  const error = new GranaryError({ code: 'CHAIN_UNREACHABLE', message: `no ${url}`, hint: `not ${url}`, details })
  expect(error).toMatchObject({ message: 'no http://host/x', hint: 'not http://host/x' })
  expect(error.details).toEqual({
    url: 'http://host/x',
    failures: [{ endpoint: 'http://host/x', bytes: 5n, missing: undefined, at: null }],
    seen: new Date(0),
  })
  expect(error.stack).not.toContain('ann')
})

test('details that a stranger has nested without end are cut, and not a crash', () => {
  const details = JSON.parse(`${'{"a":['.repeat(50_000)}1${']}'.repeat(50_000)}`) as object
  const error = GranaryError.fromWire({ code: 'X', message: '', details })
  expect(JSON.stringify(error).length).toBeLessThan(200)
})
