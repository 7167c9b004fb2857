/** What a page loads for the whole main entry, as a bundler makes it of the sources. */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { build, type Metafile } from 'esbuild'

/** Of the entry with all that it imports, which is loaded before its first line runs. */
const ENTRY_LIMITS = { minified: 152_000, gzip: 58_000 }
/** Of what a verb loads when it is called. */
const VERB_LIMITS = { minified: 42_000, gzip: 16_400 }
/** Of what fetches content: paths, folders and their shards, ranges, several providers at once. */
const GET_LIMITS = { minified: 43_000, gzip: 17_000 }
/** Of the entry for pages, and of it with all that a first put and a first get load: to become less, 75 kB together. */
const BROWSER_LIMITS = { minified: 152_500, gzip: 57_500 }
const PUT_AND_GET_LIMITS = { minified: 290_000, gzip: 111_700 }
/** WebAssembly that hashes pieces, which is loaded for one of more than a MiB: no part of a small first put. */
const LARGE_PIECE_LIMITS = { minified: 67_500, gzip: 12_000 }
/** Loaded by who has their account in a wallet: no part of the two before. */
const WALLET_LIMITS = { minified: 10_000, gzip: 4_500 }

type Output = Metafile['outputs'][string]

function staticImports(outputs: Metafile['outputs'], from: string, seen: Set<string> = new Set<string>()): Set<string> {
  if (seen.has(from)) return seen
  seen.add(from)
  for (const { path, kind } of outputs[from]!.imports)
    if (kind === 'import-statement') staticImports(outputs, path, seen)
  return seen
}

/** Bytes by library, the largest first: what to look at when a limit is broken. */
function shares(outputs: readonly Output[]): string[] {
  const sum = new Map<string, number>()
  for (const [path, { bytesInOutput }] of outputs.flatMap(({ inputs }) => Object.entries(inputs))) {
    const library = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? /packages\/[^/]+/.exec(path)?.[0] ?? path
    sum.set(library, (sum.get(library) ?? 0) + bytesInOutput)
  }
  return [...sum].sort(([, a], [, b]) => b - a).map(([library, bytes]) => `${bytes} ${library}`)
}

/** A bundle of an entry, by its path from here. */
async function bundle(source: string) {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    bundle: true,
    splitting: true,
    outdir: 'out',
    write: false,
    minify: true,
    metafile: true,
    // A module of Node fails the bundle.
    platform: 'browser',
    format: 'esm',
    conditions: ['@granary/source'],
    logLevel: 'silent',
  })
  const { outputs } = metafile
  const codes = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
  const judge = (paths: readonly string[], limits: typeof ENTRY_LIMITS) => {
    const chunks = paths.map((path) => codes.get(basename(path))!)
    const minified = chunks.reduce((sum, code) => sum + code.length, 0)
    const gzip = chunks.reduce((sum, code) => sum + gzipSync(code).length, 0)
    const fits = minified <= limits.minified && gzip <= limits.gzip
    return { fits, minified, gzip, largest: fits ? [] : shares(paths.map((path) => outputs[path]!)).slice(0, 12) }
  }
  /** Chunks that a source is in, with all that it imports. */
  const chunksOf = (name: string): Set<string> => {
    const [path] = Object.keys(outputs).filter((output) => outputs[output]!.entryPoint?.endsWith(`client/src/${name}`))
    return staticImports(outputs, path!)
  }
  return { outputs, judge, chunksOf }
}

test('the main entry fits into a page: 152 kB minified, 58 kB compressed, and nothing of Node', async () => {
  const { outputs, judge, chunksOf } = await bundle('index.ts')
  const atOnce = chunksOf('index.ts')
  expect(judge([...atOnce], ENTRY_LIMITS)).toMatchObject({ fits: true })

  const verbs = new Set(
    [...atOnce].flatMap((path) =>
      outputs[path]!.imports.filter(({ kind }) => kind === 'dynamic-import').map((imported) => imported.path),
    ),
  )
  const names = [...verbs].map((path) => basename(outputs[path]!.entryPoint!))
  expect(names.sort()).toEqual([
    'account-verbs.ts',
    'deal-verbs.ts',
    'get-verbs.ts',
    'list-deals.ts',
    'list-providers.ts',
    'ls.ts',
    'put.ts',
    'status.ts',
    'verify.ts',
  ])
  for (const verb of verbs) {
    const more = [...staticImports(outputs, verb)].filter((path) => !atOnce.has(path))
    const isGetting = /\/(get-verbs|ls)-\w+\.js$/.test(verb)
    const judged = judge(more, isGetting ? GET_LIMITS : VERB_LIMITS)
    expect(judged.fits ? [] : [verb, judged]).toEqual([])
  }
})

test("the browser's entry, and with it what a first put and get load, only grow for a reason", async () => {
  const { outputs, judge, chunksOf } = await bundle('browser/index.ts')
  const atOnce = chunksOf('browser/index.ts')
  expect(judge([...atOnce], BROWSER_LIMITS)).toMatchObject({ fits: true })
  const later = Object.keys(outputs).flatMap((path) => {
    const source = /client\/src\/(upload\/put|retrieve\/get-verbs|browser\/(?!indexed-db-(session-keys|trust)).*)\.ts$/
    return source.test(outputs[path]!.entryPoint ?? '') ? [...staticImports(outputs, path)] : []
  })
  for (const verb of ['upload/put.ts', 'retrieve/get-verbs.ts'])
    for (const path of chunksOf(verb)) expect(later).toContain(path)
  const both = new Set([...atOnce, ...later])
  expect(judge([...both], PUT_AND_GET_LIMITS)).toMatchObject({ fits: true })
  const largePiece = Object.keys(outputs).filter((path) => /as-sha256/.test(outputs[path]!.entryPoint ?? ''))
  expect(largePiece).toHaveLength(1)
  expect(judge(largePiece, LARGE_PIECE_LIMITS)).toMatchObject({ fits: true })
  const wallet = ['account/open-wallet-account.ts', 'browser/indexed-db-session-keys.ts'].flatMap((name) => [
    ...chunksOf(name),
  ])
  expect(
    judge(
      [...new Set(wallet)].filter((path) => !both.has(path)),
      WALLET_LIMITS,
    ),
  ).toMatchObject({ fits: true })
})
