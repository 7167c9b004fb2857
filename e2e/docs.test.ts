/** What the documents say of the code and can be read out of it. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import * as chainApi from '@granary/protocol/chain-api'
import * as marketApi from '@granary/protocol/market'
import { expect, test } from '@jest/globals'
import { type Manifest, readManifests } from './imports.ts'
import { mayImport } from './may-import.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const manifests = [...readManifests(root).values()]
const architecture = read('docs/architecture.md')

/** The text of a section, without its title. */
function section(text: string, title: string): string {
  const [, body = ''] = text.split(new RegExp(`^## ${title}\n`, 'm'))
  const [own = ''] = body.split(/^## /m)
  if (own === '') throw new Error(`no section "${title}"`)
  return own
}

function rowsOf(table: string): string[][] {
  const rows = [...table.matchAll(/^\| (.+) \|$/gm)].map(([, cells = '']) => cells.split(' | '))
  return rows.slice(1)
}

/** `@libp2p/tcp, noise; helia`: a name without a scope has that of the one before it, where a package has it so. */
function namesIn(cell: string, known: ReadonlySet<string>): string[] {
  let scope = ''
  return cell.split(/[,;] /).map((name) => {
    const scoped = `${scope}/${name}`
    if (name.startsWith('@')) scope = name.split('/')[0]!
    return !known.has(name) && known.has(scoped) ? scoped : name
  })
}

const outside = (names: object | undefined): string[] =>
  Object.keys(names ?? {}).filter((name) => !/^(granary|@granary\/.*)$/.test(name))
const runs = new Map(
  manifests.map(({ folder, manifest }) => [
    folder,
    new Set([...outside(manifest.dependencies), ...outside(manifest.peerDependencies)]),
  ]),
)
const running = new Set([...runs.values()].flatMap((names) => [...names]))
const workspace: readonly Partial<Manifest>[] = ['package.json', 'e2e/package.json'].map((path) =>
  JSON.parse(read(path)),
)
const building = new Set([
  ...workspace.flatMap((manifest) => [...outside(manifest.dependencies), ...outside(manifest.devDependencies)]),
  ...manifests.flatMap(({ manifest }) => outside(manifest.devDependencies)),
])

test('docs/dependencies.md has what runs, and which packages it runs in', () => {
  const said = rowsOf(section(read('docs/dependencies.md'), 'What runs')).flatMap(([cell = '', where = '']) =>
    namesIn(cell, running).map((name) => {
      const folders = where === 'everywhere' ? whoRuns(name) : where.split(/, (?:for providers too by )?/)
      return `${name}: ${[...new Set(folders.map((folder) => folder.split('/')[0]!))].sort().join(', ')}`
    }),
  )
  expect(said.sort()).toEqual([...running].map((name) => `${name}: ${whoRuns(name).join(', ')}`).sort())
})

function whoRuns(name: string): string[] {
  return [...runs]
    .filter(([, names]) => names.has(name))
    .map(([folder]) => folder)
    .sort()
}

test('docs/dependencies.md has what builds and tests, and no row of what is gone', () => {
  const text = read('docs/dependencies.md')
  const said = new Set(
    rowsOf(text.slice(text.indexOf('## What builds'))).flatMap(([cell = '']) => namesIn(cell, building)),
  )
  expect([...building].filter((name) => !said.has(name) && !running.has(name))).toEqual([])
  expect([...said].filter((name) => !building.has(name))).toEqual([])
})

test('docs/architecture.md says who may import whom as the architecture test does', () => {
  const lines = section(architecture, 'Who may import whom').split('```')[1]!
  const said = Object.fromEntries(
    [...lines.matchAll(/(\w+) +→ ((?:[\w/]+(?:, )?)+)/g)].map(([, who = '', whom = '']) => [who, whom.split(', ')]),
  )
  expect(said.everybody).toEqual(['base'])
  const ruled = Object.entries(mayImport)
    .map(([who, whom]) => [who, whom.map((name) => name.replace('@granary/', '')).filter((name) => name !== 'base')])
    .filter(([, whom]) => whom!.length > 0)
  expect(Object.fromEntries(Object.entries(said).map(([who, whom]) => [who, whom.toSorted()]))).toEqual({
    everybody: ['base'],
    ...Object.fromEntries(ruled.map(([who, whom]) => [who as string, (whom as string[]).toSorted()])),
  })
})

test('docs/architecture.md has every room of every package', () => {
  const layout = section(architecture, 'Layout').split('```')[1]!
  const missing = manifests.flatMap(({ folder }) => {
    const [, own = ''] = new RegExp(`^ {2}${folder}/ ([\\s\\S]*?)(?=^ {2}\\w+/ |^\\w+/ )`, 'm').exec(layout) ?? []
    return readdirSync(join(root, 'packages', folder, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !new RegExp(`\\b${entry.name}\\b`).test(own))
      .map((entry) => `${folder}: nothing is said of src/${entry.name}`)
  })
  expect(missing).toEqual([])
})

test("a package's README names each of its entries", () => {
  const missing = manifests.flatMap(({ folder, manifest }) =>
    Object.keys(manifest.exports)
      .filter((entry) => entry !== '.')
      .filter((entry) => {
        const name = entry.slice(2)
        return ![`\`${name}\``, `\`${entry}\``, `\`${manifest.name}/${name}\``].some((said) =>
          read(`packages/${folder}/README.md`).includes(said),
        )
      })
      .map((entry) => `packages/${folder}/README.md does not name ${entry}`),
  )
  expect(missing).toEqual([])
})

const PLACE =
  /(?<![\w./-])(?:packages\/)?(base|bench|chain|cli|client|content|proofs|protocol|provider|sim)\/(?:src|test)[\w./-]*/g

/** A folder, or a file with its ending. */
function isThere(place: string): boolean {
  return existsSync(join(root, place))
}

test('docs/operations/provider.md installs the packages of bitswap that the provider asks for', () => {
  const { manifest } = manifests.find(({ folder }) => folder === 'provider')!
  const wanted = Object.entries(manifest.peerDependencies ?? {}).map(([name, version]) => `${name}@${version}`)
  const lines = read('docs/operations/provider.md').match(/@libp2p\/identify@.*/g)
  expect(lines?.map((line) => line.split(' '))).toEqual([wanted, wanted])
})

test('a place in the code that a document names is there', () => {
  const pages = [
    'CONTRIBUTING.md',
    'README.md',
    ...globSync(['docs/*.md', 'docs/spec/*.md', 'packages/*/README.md'], { cwd: root }),
  ]
  const gone = pages.flatMap((page) =>
    [...read(page).matchAll(PLACE)]
      .map(([place]) => place.replace(/\.$/, ''))
      .filter((place) => !isThere(place.startsWith('packages/') ? place : `packages/${place}`))
      .map((place) => `${page} names ${place}, which is not there`),
  )
  expect(gone).toEqual([])
})

test('a decision has a status and a date, from number 20 on', () => {
  const without = readdirSync(join(root, 'docs/adr'))
    .filter((name) => /^\d{4}-/.test(name) && Number(name.slice(0, 4)) >= 20)
    .filter((name) => {
      const head = read(`docs/adr/${name}`).split('\n').slice(0, 6).join('\n')
      return !/\d{4}-\d{2}-\d{2}/.test(head) || !/accepted|replaced/i.test(head)
    })
  expect(without).toEqual([])
})

test.each([
  ['docs/spec/chain.md', chainApi],
  ['docs/spec/market-protocol.md', marketApi],
])('%s names each path that can be asked', (page, operations) => {
  const text = read(page)
  const paths = Object.values(operations).flatMap((value) =>
    typeof value === 'object' && 'path' in value ? [value.path] : [],
  )
  expect(paths.length).toBeGreaterThan(5)
  // As code, alone or with its method: `GET /v1/deals/{id}`.
  const missing = paths.filter((path) => !text.includes(`${path}\``))
  expect(missing.map((path) => `${page} does not name ${path}`)).toEqual([])
})
