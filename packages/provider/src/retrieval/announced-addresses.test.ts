import { expect, test } from '@jest/globals'
import { announcedAddresses, libp2pAddresses } from './announced-addresses.ts'

const PEER = '12D3KooWA7JVCMoyVMUuVmyQSjgYcqMEe7VgkSYJzcvM3KGSjYdU'
const OTHER = '12D3KooWBmh91jJmRaNWPyPBWtgGFMD3SAhxMjhKxdyxhx6sHNCX'
const loopback = `/ip4/127.0.0.1/tcp/7471/p2p/${PEER}`
const lan = `/ip4/192.168.1.20/tcp/7471/p2p/${PEER}`

test.each<[string, string, string, string[], string[]]>([
  ['an address that is listened on', '192.168.1.20', 'https://a.example', [lan], ['/ip4/192.168.1.20/tcp/7471']],
  ['the loopback, where its URL is', '127.0.0.1', 'http://127.0.0.1:1', [loopback], ['/ip4/127.0.0.1/tcp/7471']],
  ['not the loopback behind a proxy', '127.0.0.1', 'https://a.example', [loopback], []],
  ['of all addresses, that of the URL', '0.0.0.0', 'http://1.2.3.4:1', [loopback, lan], ['/ip4/1.2.3.4/tcp/7471']],
  ['of all addresses, the name of the URL', '::', 'https://a.example/p', [lan], ['/dns/a.example/tcp/7471']],
  ['nothing where nothing listens', '0.0.0.0', 'https://a.example', [], []],
])('what is announced: %s', (_, host, url, listening, expected) => {
  expect(announcedAddresses({ host, url, listening })).toEqual(expected)
})

test('what is announced is what the configuration says', () => {
  const configured = ['/dns/b.example/tcp/1']
  expect(announcedAddresses({ host: '0.0.0.0', url: 'https://a.example', listening: [lan], configured })).toEqual(
    configured,
  )
})

test('the addresses of a record are those of its peer alone', () => {
  const endpoints = ['https://a.example', '/ip4/1.2.3.4/tcp/1', `/ip4/1.2.3.4/tcp/2/p2p/${PEER}`]
  const wrong = [`/ip4/1.2.3.4/tcp/3/p2p/${OTHER}`, '/ip4/nonsense', '/none/at/all']
  expect(libp2pAddresses([...endpoints, ...wrong], PEER)).toEqual(['/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.4/tcp/2'])
})
