/** What the client's entries export says what it is, where an editor shows it: a comment on each declaration. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const src = fileURLToPath(new URL('.', import.meta.url))
const manifest: { readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>> } = JSON.parse(
  readFileSync(join(src, '../package.json'), 'utf8'),
)
const entries = Object.entries(manifest.exports).map(([name, target]) => ({ name, path: target['@granary/source']! }))

/** Names that an entry has from files of this package, each with the text of its file. */
function exportsOf(entry: string): { name: string; file: string; text: string }[] {
  const text = readFileSync(entry, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  return [...text.matchAll(/export (?:type )?\{([^}]*)\} from '(\.[^']+)'/g)].flatMap(([, names = '', from = '']) => {
    const file = join(dirname(entry), from)
    const own = names.split(',').map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/ as \w+$/, ''),
    )
    return own.filter((name) => name !== '').map((name) => ({ name, file, text: readFileSync(file, 'utf8') }))
  })
}

test.each(entries)('each export of $name has a comment', ({ path }) => {
  const exported = exportsOf(join(src, '..', path))
  expect(exported).not.toEqual([])
  const bare = exported.filter(({ name, text }) => {
    const declared = new RegExp(
      `\\*/\\nexport (?:declare )?(?:async )?(?:function\\*?|class|interface|type|const) ${name}\\b`,
    )
    return !declared.test(text)
  })
  expect(bare.map(({ name, file }) => `${file.slice(src.length)}: ${name}`)).toEqual([])
})
