/** What is put into Granary is fetched by Kubo, which finds the provider by its /routing/v1 alone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Album, putAlbum } from './album.ts'
import { createProxy, proxyCanRun } from './http2-proxy.ts'
import { type Kubo, type KuboDaemonOptions, kubo, kuboCanBeBuilt } from './kubo.ts'
import { type Market, sameBytes, startMarket } from './story.ts'

const KUBO_MS_MAX = 30 * 60_000
const FETCH_MS_MAX = 180_000

let market: Market
let album: Album
let home: string
let program: Kubo

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'granary-kubo-'))
  if (!kuboCanBeBuilt) return
  program = await kubo()
  market = await startMarket()
  album = await putAlbum(market)
}, KUBO_MS_MAX)
afterAll(async () => {
  await market?.bench.close()
  rmSync(home, { recursive: true, force: true })
})

const withKubo = kuboCanBeBuilt ? test : test.skip
const why = kuboCanBeBuilt ? '' : ': no Go here that builds Kubo'

/** Whom it is connected with by libp2p says by which way the blocks have come. */
async function expectFetched(name: string, options: KuboDaemonOptions): Promise<void> {
  const repo = join(home, name)
  const daemon = await program.startDaemon(repo, options)
  try {
    const out = { file: join(home, `${name}-file`), folder: join(home, `${name}-folder`) }
    for (const what of ['file', 'folder'] as const)
      await program.run(repo, ['get', `/ipfs/${album[what].root}`, '--output', out[what]])
    expect(sameBytes(out.file, album.file.path)).toBe(true)
    for (const each of album.names) expect(sameBytes(join(out.folder, each), join(album.folder.path, each))).toBe(true)
    expect((await program.run(repo, ['swarm', 'peers'])) === '').toBe(options.retrieval === 'http')
  } finally {
    await daemon.stop()
  }
}

for (const retrieval of ['bitswap', 'http'] as const)
  withKubo(
    `Kubo with an empty repository fetches a file and a folder by ${retrieval}, and finds them by /routing/v1${why}`,
    () => expectFetched(retrieval, { routers: [market.provider.url], retrieval }),
    FETCH_MS_MAX,
  )

const withProxy = kuboCanBeBuilt && proxyCanRun ? test : test.skip
withProxy(
  `Kubo fetches from a provider behind a proxy with TLS and HTTP/2${proxyCanRun ? why : ': no nginx or openssl here'}`,
  async () => {
    const proxy = await createProxy(join(home, 'proxy'))
    await market.provider.stop()
    const args = ['--public-url', proxy.url]
    const provider = await market.bench.startProvider({ chainUrl: market.chain.url, args })
    try {
      await proxy.start(provider.url)
      const routing = await fetch(`${provider.url}/routing/v1/providers/${album.file.root}`)
      const { Providers } = (await routing.json()) as { Providers: { Addrs: string[] }[] }
      expect(Providers[0]!.Addrs[0]).toBe(`/dns/localhost/tcp/${new URL(proxy.url).port}/tls/http`)
      await expectFetched('https', { routers: [provider.url], retrieval: 'http', certificates: proxy.certificate })
    } finally {
      await proxy.stop()
    }
  },
  FETCH_MS_MAX,
)
