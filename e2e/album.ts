/** A file and a folder in Granary, for programs of others to fetch. */
import { createReadStream, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { importFile } from '@granary/content'
import { MemoryBlockstore } from 'blockstore-core'
import { envelope } from './harness.ts'
import { fileOf, type Market, putArguments, succeeded } from './story.ts'

export interface Stored {
  /** Where it was put from. */
  readonly path: string
  readonly root: string
}

export interface Album {
  readonly file: Stored
  readonly folder: Stored
  /** Of the folder. */
  readonly names: readonly string[]
}

const FILE_BYTES = 1_500_000
/** More blocks than a provider gives at once to anybody. */
const SMALL_FILES = 300

export async function putAlbum(market: Market): Promise<Album> {
  const { home } = market.bench
  for (const name of ['inner', 'many']) mkdirSync(join(home, 'album', name), { recursive: true })
  for (const name of ['single.bin', 'album/one.bin', 'album/inner/two words.bin'])
    fileOf(market.bench, name, FILE_BYTES)
  for (let at = 0; at < SMALL_FILES; at += 1) fileOf(market.bench, `album/many/${at}.bin`, 5_000 + at)
  const folder = await putOne(market, 'album')
  const names = readdirSync(folder.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.path.length + 1))
  const file = await putOne(market, 'single.bin')
  // By its own CID, whether it is the root or stands in a folder that keeps its name: a provider is found by either.
  const root = await importFile(createReadStream(file.path), new MemoryBlockstore())
  return { file: { ...file, root: root.toString() }, folder, names }
}

async function putOne(market: Market, name: string): Promise<Stored> {
  const path = join(market.bench.home, name)
  const put = await market.bench.run([...putArguments(path, market.chain.url), '--no-wait'])
  return { path, root: envelope<{ rootCid: string }>(succeeded(put)).data.rootCid }
}
