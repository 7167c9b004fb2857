/** What is put into Granary is fetched by Helia, which finds the provider by its /routing/v1 alone. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withHTTP } from '@helia/http'
import { unixfs } from '@helia/unixfs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { createHelia, createHeliaLight, type Helia } from 'helia'
import { CID } from 'multiformats/cid'
import { type Album, putAlbum } from './album.ts'
import { type Market, startMarket } from './story.ts'

const FETCH_MS_MAX = 180_000

let market: Market
let album: Album
beforeAll(async () => {
  market = await startMarket()
  album = await putAlbum(market)
}, 120_000)
afterAll(() => market?.bench.close())

interface Started {
  readonly helia: Helia
  /** How many it is connected with by libp2p. */
  readonly peers: () => number
}

/** As it comes, but for its ways to the public network: it knows the router alone, and dials only. Gateways without TLS it takes none. */
async function byBitswap(): Promise<Started> {
  const helia = createHelia({
    http: { delegatedRouters: [market.provider.url], recursiveGateways: [] },
    libp2p: { addresses: { listen: [] }, transports: [tcp()], peerDiscovery: [], services: { identify: identify() } },
  })
  await helia.start()
  return { helia, peers: () => helia.libp2p.getPeers().length }
}

/** Gateways without TLS, on this machine too. */
async function byHttp(): Promise<Started> {
  const local = { allowInsecure: true, allowLocal: true }
  const routers = { delegatedRouters: [market.provider.url], recursiveGateways: [] }
  const helia = withHTTP(createHeliaLight(), { ...routers, ...local })
  await helia.start()
  return { helia, peers: () => 0 }
}

async function read(helia: Helia, root: string, path = ''): Promise<Buffer> {
  const signal = AbortSignal.timeout(FETCH_MS_MAX / 3)
  return Buffer.concat(await Array.fromAsync(unixfs(helia).cat(CID.parse(root), { path, signal })))
}

test.each([
  ['bitswap', byBitswap, 1],
  ['the gateway', byHttp, 0],
] as const)(
  'Helia fetches a file and a folder by %s, and finds them by /routing/v1',
  async (_, start, peersWanted) => {
    const { helia, peers } = await start()
    try {
      expect((await read(helia, album.file.root)).equals(readFileSync(album.file.path))).toBe(true)
      for (const name of album.names) {
        const wanted = readFileSync(join(album.folder.path, name))
        expect((await read(helia, album.folder.root, name)).equals(wanted)).toBe(true)
      }
      expect(peers()).toBe(peersWanted)
    } finally {
      await helia.stop()
    }
  },
  FETCH_MS_MAX,
)
