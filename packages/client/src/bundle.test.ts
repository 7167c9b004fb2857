/** What a page loads for the whole main entry, as a bundler makes it of the sources. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { build } from 'esbuild'

const LIMITS = { minified: 250_000, gzip: 75_000 }

/** Bytes in the bundle by library, the largest first: what to look at when the limit is broken. */
function shares(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): string[] {
  const sum = new Map<string, number>()
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const library = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? /packages\/[^/]+/.exec(path)?.[0] ?? path
    sum.set(library, (sum.get(library) ?? 0) + bytesInOutput)
  }
  return [...sum].sort(([, a], [, b]) => b - a).map(([library, bytes]) => `${bytes} ${library}`)
}

test('the main entry fits into a page: 250 kB minified, 75 kB compressed, and nothing of Node', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('index.ts', import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    // A module of Node fails the bundle.
    platform: 'browser',
    format: 'esm',
    conditions: ['@granary/source'],
    logLevel: 'silent',
  })
  const code = outputFiles[0]!.contents
  const sizes = { minified: code.length, gzip: gzipSync(code).length }
  const [{ inputs }] = Object.values(metafile.outputs) as [(typeof metafile.outputs)[string]]
  const broken = Object.entries(LIMITS).filter(([name, limit]) => sizes[name as keyof typeof sizes] > limit)
  expect({ broken, sizes, largest: broken.length > 0 ? shares(inputs).slice(0, 12) : [] }).toEqual({
    broken: [],
    sizes,
    largest: [],
  })
})
