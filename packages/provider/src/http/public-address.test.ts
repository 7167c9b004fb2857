import { expect, test } from '@jest/globals'
import { type Interfaces, publicAddress } from './public-address.ts'

const lo = [
  { address: '127.0.0.1', internal: true },
  { address: '::1', internal: true },
]
const lan: Interfaces = {
  lo,
  eth0: [
    { address: 'fe80::1', internal: false },
    { address: '192.168.1.20', internal: false },
    { address: 'fd00::20', internal: false },
  ],
}
const internet: Interfaces = {
  ...lan,
  eth1: [
    { address: '2001:db8::5', internal: false },
    { address: '203.0.113.5', internal: false },
  ],
}
const onlyV6: Interfaces = { lo, eth0: [{ address: '2001:db8::5', internal: false }] }

test.each<[string, string, Interfaces, string | undefined, string | undefined]>([
  ['an address is what it is', '127.0.0.1', lan, undefined, 'http://127.0.0.1:7470'],
  ['an IPv6 address stands in brackets', '::1', lan, undefined, 'http://[::1]:7470'],
  ['a name is what it is', 'localhost', lan, undefined, 'http://localhost:7470'],
  ['all of IPv4 is the network it is in', '0.0.0.0', lan, undefined, 'http://192.168.1.20:7470'],
  ['all of IPv6 too, IPv4 first', '::', lan, undefined, 'http://192.168.1.20:7470'],
  [
    'an address of the Internet before one of a private network',
    '0.0.0.0',
    internet,
    undefined,
    'http://203.0.113.5:7470',
  ],
  ['only IPv6 and listened on it', '::', onlyV6, undefined, 'http://[2001:db8::5]:7470'],
  ['the long form of all is all', '0:0:0:0:0:0:0:0', lan, undefined, 'http://192.168.1.20:7470'],
  ['only IPv6 and not listened on it', '0.0.0.0', onlyV6, undefined, undefined],
  ['a link-local address is none', '::', { lo, eth0: [{ address: 'fe80::1', internal: false }] }, undefined, undefined],
  ['nothing but loopback', '0.0.0.0', { lo }, undefined, undefined],
  ['what is said counts', '0.0.0.0', { lo }, 'https://storage.example/granary', 'https://storage.example/granary'],
])('the address of clients: %s', (_, host, interfaces, publicUrl, url) => {
  const found = () => publicAddress({ host, port: 7470, publicUrl, interfaces })
  if (url !== undefined) return expect(found().url).toBe(url)
  expect(found).toThrow(
    expect.objectContaining({ code: 'NO_PUBLIC_ADDRESS', hint: expect.stringContaining('--public-url') }),
  )
})

test('an address that nobody named is said to be found', () => {
  expect(publicAddress({ host: '0.0.0.0', port: 1, interfaces: lan }).guessed).toBe(true)
  expect(publicAddress({ host: '10.0.0.1', port: 1, interfaces: lan }).guessed).toBe(false)
})
