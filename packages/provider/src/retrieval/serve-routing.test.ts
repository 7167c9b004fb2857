import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { GranaryError } from '@granary/base'
import type { DealState, DealView, ProviderView } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { errorHandler } from '../http/error-handler.ts'
import { endpointAddress } from './endpoint-address.ts'
import { createFindPeer, type ProviderList } from './find-peer.ts'
import { type DealDirectory, recordOf } from './find-providers.ts'
import { retrievalErrors } from './http-error.ts'
import { filterRecords, servePeers, serveProviders } from './serve-routing.ts'

const ROOT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const LEAF = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
const OTHER = 'bafybeigo3e6q4xbsixsfie2vjixwzv4z365nlhgj7yj5cuu6ru2iwuyg6e'
/** A root of which this provider has a part without its first block. */
const PART = 'bafkreifj2mmuez3avv7ldqxs6shgodn5mi2qienf34qwxw7ahizaoebiae'
const SELF = '12D3KooWA7JVCMoyVMUuVmyQSjgYcqMEe7VgkSYJzcvM3KGSjYdU'
const PEER = '12D3KooWBmh91jJmRaNWPyPBWtgGFMD3SAhxMjhKxdyxhx6sHNCX'

function deal(provider: number, state: DealState, rootCid = ROOT): DealView {
  const terms = { client: '0x0000000000000000000000000000000000000001', provider, rootCid } as DealView['terms']
  return { id: provider, state, terms } as DealView
}

function provider(id: number, peerId: string, endpoints: string[]): ProviderView {
  return { id, peerId, endpoints } as unknown as ProviderView
}

const deals = [
  deal(1, 'active', PART),
  deal(2, 'active', PART),
  deal(1, 'active'),
  deal(2, 'published'),
  deal(2, 'active'),
  deal(3, 'expired'),
  deal(4, 'active'),
]
const providers = [
  provider(1, SELF, ['http://127.0.0.1:7470']),
  provider(2, PEER, [
    'https://store.example.org/',
    '/dns/store.example.org/tcp/7471',
    `/ip4/1.2.3.4/tcp/1/p2p/${SELF}`,
  ]),
  provider(3, PEER, []),
  provider(4, '', ['http://127.0.0.1:1']),
]
let lists = 0
const chain: DealDirectory & ProviderList = {
  async *providers() {
    lists += 1
    yield* providers
  },
  async *deals({ rootCid }) {
    if (rootCid === OTHER)
      throw new GranaryError({ code: 'CHAIN_UNREACHABLE', message: 'down', hint: 'start it', retryable: true })
    yield* deals.filter(({ terms }) => terms.rootCid === rootCid)
  },
  provider: async (id) => providers.find((view) => view.id === id)!,
}

let url: string
let stop: () => void
beforeAll(async () => {
  const app = express()
  const rootsOf = (cid: { toString(): string }): string[] => (cid.toString() === LEAF ? [ROOT] : [])
  const self = { peerId: SELF, multiaddrs: ['/ip4/127.0.0.1/tcp/7471'], isOnLoopback: true }
  const has = (cid: { toString(): string }): boolean => cid.toString() !== PART
  app.get('/routing/v1/providers/:cid', serveProviders({ chain, rootsOf, has, self }))
  app.get('/routing/v1/peers/:peer', servePeers(createFindPeer(chain), self))
  app.use(
    retrievalErrors(),
    errorHandler(() => undefined),
  )
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/routing/v1/`
  stop = () => server.close()
})
afterAll(() => stop())

const records = [
  {
    Schema: 'peer',
    ID: SELF,
    Addrs: ['/ip4/127.0.0.1/tcp/7470/http', '/ip4/127.0.0.1/tcp/7471'],
    Protocols: ['transport-ipfs-gateway-http', 'transport-bitswap'],
  },
  {
    Schema: 'peer',
    ID: PEER,
    Addrs: ['/dns/store.example.org/tcp/443/tls/http', '/dns/store.example.org/tcp/7471'],
    Protocols: ['transport-ipfs-gateway-http', 'transport-bitswap'],
  },
]

test.each([ROOT, LEAF])('the providers of %s are those whose deals are running, each once', async (cid) => {
  const response = await fetch(`${url}providers/${cid}`)
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
  expect(await response.json()).toEqual({ Providers: records })
})

test('who has a part of a DAG without its root is not listed for the root', async () => {
  expect(await (await fetch(`${url}providers/${PART}`)).json()).toEqual({ Providers: [records[1]] })
})

test('a stream of lines comes when it is asked for', async () => {
  const response = await fetch(`${url}providers/${ROOT}`, { headers: { Accept: 'application/x-ndjson' } })
  expect(response.headers.get('content-type')).toContain('application/x-ndjson')
  expect(
    (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(records)
})

test('nobody is an empty list, a CID that is none is 422', async () => {
  const nobody = await fetch(`${url}providers/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy`)
  expect([nobody.status, nobody.headers.get('cache-control')]).toEqual([200, 'public, max-age=15'])
  expect(await nobody.json()).toEqual({ Providers: [] })
  const bad = await fetch(`${url}providers/nonsense`)
  expect([bad.status, await bad.json()]).toMatchObject([422, { error: { code: 'ROUTING_CID_INVALID' } }])
})

test.each([
  ['tls', undefined, [['/dns/store.example.org/tcp/443/tls/http']]],
  ['!tls', undefined, [records[0]!.Addrs, ['/dns/store.example.org/tcp/7471']]],
  ['!dns,!http', undefined, [['/ip4/127.0.0.1/tcp/7471']]],
  ['quic', undefined, []],
  [undefined, 'transport-bitswap', records.map(({ Addrs }) => Addrs)],
  [undefined, 'Transport-Bitswap,unknown', records.map(({ Addrs }) => Addrs)],
  [undefined, 'transport-graphsync-filecoinv1', []],
  [undefined, 'unknown,transport-ipfs-gateway-http', records.map(({ Addrs }) => Addrs)],
  ['', '', records.map(({ Addrs }) => Addrs)],
])('filter-addrs %s with filter-protocols %s', (addresses, protocols, expected) => {
  const peers = records.map((record) => ({ ...record, Schema: 'peer' as const }))
  expect(filterRecords(peers, addresses, protocols).map(({ Addrs }) => Addrs)).toEqual(expected)
})

test('a peer without addresses stays when the unknown is wanted', () => {
  const peer = { Schema: 'peer' as const, ID: PEER, Addrs: [], Protocols: [] }
  expect(filterRecords([peer], 'unknown,tls', 'unknown')).toEqual([peer])
  expect(filterRecords([peer], 'tls', 'unknown')).toEqual([])
  expect(filterRecords([peer], '!tls', 'unknown')).toEqual([])
})

const peers = [
  PEER,
  CID.createV1(0x72, decode(base58btc.decode(`z${PEER}`))).toString(),
  CID.createV1(0x72, decode(base58btc.decode(`z${PEER}`))).toString(base36),
]
test.each(peers)('the peer %s has the addresses of its record', async (peer) => {
  const response = await fetch(`${url}peers/${peer}`)
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
  expect(await response.json()).toEqual({ Peers: [records[1]] })
})

test('the own peer has the addresses of now; peers are filtered and streamed as providers are', async () => {
  const headers = { Accept: 'application/x-ndjson,application/json' }
  const response = await fetch(`${url}peers/${SELF}?filter-addrs=!http`, { headers })
  expect(response.headers.get('content-type')).toContain('application/x-ndjson')
  expect(JSON.parse(await response.text())).toEqual({ ...records[0], Addrs: ['/ip4/127.0.0.1/tcp/7471'] })
})

test('a peer that no provider has is an empty list, a text that is none 422', async () => {
  const nobody = await fetch(`${url}peers/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N`)
  expect([nobody.status, nobody.headers.get('cache-control')]).toEqual([200, 'public, max-age=15'])
  expect(await nobody.json()).toEqual({ Peers: [] })
  for (const text of ['nonsense', ROOT, '12D3KooW', 'k51', 'Qm0']) {
    const bad = await fetch(`${url}peers/${text}`)
    expect([text, bad.status, await bad.json()]).toMatchObject([text, 422, { error: { code: 'ROUTING_PEER_INVALID' } }])
  }
})

test('the chain is asked for its providers once a minute, however many ask', async () => {
  let nowMs = 0
  const before = lists
  const findPeer = createFindPeer(chain, () => nowMs)
  await Promise.all([findPeer(PEER), findPeer(SELF), findPeer('12D3KooWnobody')])
  nowMs = 59_999
  expect(await findPeer(PEER)).toMatchObject({ id: 2 })
  expect(lists - before).toBe(1)
  nowMs = 60_000
  await findPeer(PEER)
  expect(lists - before).toBe(2)
})

test('what could not be read of the chain is read anew by whoever asks next', async () => {
  let isDown = true
  const findPeer = createFindPeer({
    async *providers() {
      if (isDown) throw new Error('down')
      yield* providers
    },
  })
  await expect(findPeer(PEER)).rejects.toThrow('down')
  isDown = false
  expect(await findPeer(PEER)).toMatchObject({ id: 2 })
})

test.each([
  ['http://[::1]:80', '/ip6/::1/tcp/80/http'],
  ['http://1.2.3.4:80/p1', '/ip4/1.2.3.4/tcp/80/http/http-path/p1'],
  ['https://example.org/a/b/', '/dns/example.org/tcp/443/tls/http/http-path/a%2Fb'],
  ['https://1.2.3.4', '/ip4/1.2.3.4/tcp/443/tls/http'],
  ['ftp://1.2.3.4', undefined],
  ['nonsense', undefined],
])('the endpoint %s is %s', (endpoint, address) => {
  expect(endpointAddress(endpoint)).toBe(address)
})

test('a provider that others are told of does not send who asks elsewhere to their own loopback', () => {
  const view = provider(7, PEER, ['http://127.0.0.1:5001', 'https://a.example', '/ip4/127.0.0.1/tcp/4001'])
  const self = { peerId: SELF, multiaddrs: [], isOnLoopback: false }
  expect(recordOf(view, self)).toMatchObject({
    Addrs: ['/dns/a.example/tcp/443/tls/http'],
    Protocols: ['transport-ipfs-gateway-http'],
  })
  expect(recordOf(provider(8, PEER, ['http://localhost:1', '/ip6/::1/tcp/1']), self)).toBe(undefined)
  expect(recordOf(view, { ...self, isOnLoopback: true })?.Addrs.length).toBe(3)
})
