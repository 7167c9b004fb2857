/** What is put into Granary is fetched by Kubo, which finds the provider by its /routing/v1 alone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Album, putAlbum } from './album.ts'
import { type Kubo, kubo, kuboCanBeBuilt } from './kubo.ts'
import { type Market, sameBytes, startMarket } from './story.ts'

const KUBO_MS_MAX = 30 * 60_000
const FETCH_MS_MAX = 60_000

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

for (const retrieval of ['bitswap', 'http'] as const)
  withKubo(
    `Kubo with an empty repository fetches a file and a folder by ${retrieval}, and finds them by /routing/v1${why}`,
    async () => {
      const repo = join(home, retrieval)
      const daemon = await program.startDaemon(repo, { routers: [market.provider.url], retrieval })
      try {
        const out = { file: join(home, `${retrieval}-file`), folder: join(home, `${retrieval}-folder`) }
        for (const what of ['file', 'folder'] as const)
          await program.run(repo, ['get', `/ipfs/${album[what].root}`, '--output', out[what]])
        expect(sameBytes(out.file, album.file.path)).toBe(true)
        for (const name of album.names)
          expect(sameBytes(join(out.folder, name), join(album.folder.path, name))).toBe(true)
        // Whom it is connected with by libp2p.
        expect((await program.run(repo, ['swarm', 'peers'])) === '').toBe(retrieval === 'http')
      } finally {
        await daemon.stop()
      }
    },
    FETCH_MS_MAX,
  )
