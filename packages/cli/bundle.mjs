// Builds dist/main.js out of the sources: the program with what most commands load, in a few files. To find and read hundreds
// of small ones takes longer than what a short command does. docs/adr/0061 says what is in it and what is not.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import { build } from 'esbuild'

/** What starts threads or loads native code finds files beside itself, and so stays where it is; pino and yaml are CommonJS. */
const OUTSIDE = [
  '@granary/bench',
  '@granary/chain/node',
  '@granary/proofs/engine',
  '@granary/proofs/piece/node',
  '@granary/proofs/porep',
  '@granary/proofs/post',
  '@granary/proofs/seal',
  '@granary/provider',
  '@granary/sim',
  'pino',
  'yaml',
]
const FINDS_FILES = /\bimport\.meta\.url\b|\b__dirname\b|\bnew Worker\(/
const OWN_LICENCE = 'Apache-2.0 OR MIT'
const SAME_LICENCE = "Both licences stand in this program's own LICENSE."
const IN_PACKAGE = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\/(.*)$/

const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  // Flat: what stands in `dist` finds the package's own files as what stands in `src` does.
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  conditions: ['@granary/source'],
  external: OUTSIDE.flatMap((name) => [name, `${name}/*`]),
  sourcemap: 'linked',
  metafile: true,
  logLevel: 'warning',
  plugins: [{ name: 'libraries as they are', setup: withoutMaps }],
})

const inputs = Object.keys(metafile.inputs)
const lost = inputs.filter((path) => !path.startsWith('src/') && FINDS_FILES.test(readFileSync(path, 'utf8')))
if (lost.length > 0) throw new Error(`these find files beside them, where a bundle is not: ${lost.join(', ')}`)

for (const path of Object.keys(metafile.outputs)) {
  if (path.endsWith('.map')) writeFileSync(path, JSON.stringify(withNames(JSON.parse(readFileSync(path, 'utf8')))))
}
writeFileSync('dist/THIRD-PARTY.txt', licencesOf(inputs))

/** A map that a library has of itself leads to sources that are not always in its package. */
function withoutMaps({ onLoad }) {
  onLoad({ filter: /\/node_modules\/.*\.js$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/gm, ''),
  }))
}

/** Sources as they are called where they are installed. What this package has itself is not in its maps once more. */
function withNames({ sources, sourcesContent, ...map }) {
  const isOwn = (source) => source.startsWith('../src/')
  const nameOf = (source) => {
    const [, , library, file] = IN_PACKAGE.exec(source) ?? []
    if (library !== undefined) return `../../${library}/${file}`
    return isOwn(source) ? source : source.replace(/^(\.\.\/){2}/, '../../@granary/')
  }
  return {
    ...map,
    sources: sources.map(nameOf),
    sourcesContent: sourcesContent.map((text, index) => (isOwn(sources[index]) ? null : text)),
  }
}

/** What is bundled is given on with its licence. */
function licencesOf(paths) {
  const folders = new Set(paths.flatMap((path) => IN_PACKAGE.exec(path)?.[1] ?? []))
  const texts = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file))
    if (files.length === 0 && license !== OWN_LICENCE) throw new Error(`${name} has no licence in its package`)
    const text = files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n') || SAME_LICENCE
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  return `The program in this folder has these libraries in it.\n\n${texts.sort().join(`\n${'-'.repeat(80)}\n\n`)}`
}
