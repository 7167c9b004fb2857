import { dirname, join } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import {
  importsOf,
  reachableFrom,
  readManifests,
  readSources,
  type SourceFile,
  withoutComments,
  withoutTypes,
  workspaceImport,
} from './imports.ts'
import { mayImport } from './may-import.ts'
import { needsNode } from './needs-node.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const sources = readSources(root)
const manifests = readManifests(root)

/** What an installed program does without: it is imported where it is asked for, and whoever asks is told. */
const notPublished = ['@granary/bench']

/** Libraries that only some folders may name. */
const confined: readonly { library: RegExp; folders: RegExp; rule: string }[] = [
  {
    library: /^(helia|@helia\/|libp2p|@libp2p\/|@chainsafe\/libp2p)/,
    folders: /^packages\/(provider\/src\/retrieval|content\/src|client\/src)\//,
    rule: 'helia and libp2p: only in provider/retrieval, content and (lazily) client',
  },
  {
    library: /^(bullmq|ioredis)$/,
    folders: /^packages\/provider\/src\/queue\//,
    rule: 'bullmq, ioredis: only in provider/queue',
  },
  {
    library: /^express$/,
    folders: /\/(http|rpc|retrieval)\//,
    rule: 'express: only in folders named http, rpc or retrieval',
  },
  { library: /^commander$/, folders: /^packages\/cli\//, rule: 'commander: only in cli' },
]

function violations(rule: string, check: (file: SourceFile) => readonly string[]): string[] {
  return sources.flatMap((file) => check(file).map((what) => `${rule}\n    broken by ${file.path}: ${what}`))
}

test('the reader of imports sees every form of import', () => {
  const text = `
    import a from 'a'
    import { b, type C } from "b"
    import type { D } from 'd'
    import * as e from 'e'
    import 'f'
    export { g } from 'g'
    export * from 'h'
    const i = await import('i')
    // import j from 'j'
    /* import k from 'k' */
  `
  expect(importsOf(text)).toEqual(['a', 'b', 'd', 'e', 'f', 'g', 'h', 'i'])
})

/** What a file imports of other packages and may not. Only cli, the one program, may import all; e2e is no package. */
function importsNotAllowed(file: Pick<SourceFile, 'package' | 'imports'>): string[] {
  if (file.package === 'cli') return []
  const allowed = mayImport[file.package] ?? []
  return file.imports.filter((specifier) => {
    const target = workspaceImport(specifier, manifests)
    if (target === undefined || target.folder === file.package) return false
    return !allowed.some((name) => specifier === name || (manifests.has(name) && specifier.startsWith(`${name}/`)))
  })
}

test('a package imports only the packages that it may', () => {
  expect(violations('who may import whom', importsNotAllowed)).toEqual([])
})

test('a package without a row in who may import whom imports no other', () => {
  const imports = ['zod', './own.ts', '@granary/base', '@granary/chain/state']
  expect(importsNotAllowed({ package: 'new', imports })).toEqual(['@granary/base', '@granary/chain/state'])
  expect(importsNotAllowed({ package: 'cli', imports })).toEqual([])
})

test('nobody imports cli or e2e; nobody but cli imports provider', () => {
  const broken = violations('nobody imports cli or e2e; nobody but cli imports provider', (file) =>
    file.imports.filter(
      (specifier) =>
        (/^granary($|\/)/.test(specifier) && file.package !== 'cli') ||
        /^@granary\/e2e/.test(specifier) ||
        (/^@granary\/provider/.test(specifier) && !['cli', 'provider'].includes(file.package)),
    ),
  )
  expect(broken).toEqual([])
})

test('nobody but bench reaches into what chain and proofs promise to nobody; nobody but cli imports bench', () => {
  const broken = violations('@granary/*/internal: only bench; @granary/bench: only cli', (file) =>
    file.imports.filter(
      (name) =>
        (/^@granary\/\w+\/internal$/.test(name) && file.package !== 'bench') ||
        (/^@granary\/bench($|\/)/.test(name) && file.package !== 'cli'),
    ),
  )
  expect(broken).toEqual([])
})

test('nobody but cli imports sim', () => {
  const broken = violations('nobody but cli imports sim', (file) =>
    ['cli', 'sim'].includes(file.package) ? [] : file.imports.filter((name) => /^@granary\/sim($|\/)/.test(name)),
  )
  expect(broken).toEqual([])
})

test('chain/state is deterministic: no node:, Date, Math.random, async, locale or floats', () => {
  const forbidden =
    /\bDate\b|\bMath\.(random|sqrt|log\w*|exp|pow|sin|cos)\b|\basync\b|\bawait\b|\bPromise\b|\bsetTimeout\b|\bIntl\b|localeCompare|toLocale|\bparseFloat\b|\.normalize\(|\.sort\(\)/g
  const broken = violations('chain/state is synchronous and deterministic', (file) => {
    if (!file.path.startsWith('packages/chain/src/state/')) return []
    const code = file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
    const imports = file.imports.filter((specifier) =>
      /^(node:|helia|bullmq|express|@granary\/content|@granary\/proofs\/(seal|porep|post)$)/.test(specifier),
    )
    return [...imports, ...[...code.matchAll(forbidden)].map((match) => match[0])]
  })
  expect(broken).toEqual([])
})

const entries = [...manifests].flatMap(([name, { folder, manifest }]) =>
  Object.entries(manifest.exports).map(([subpath, target]) => ({
    entry: name + subpath.slice(1),
    path: join('packages', folder, target['@granary/source']),
  })),
)

/** The `node:` modules that an entry reaches, each with the file that names it. */
function nodeModulesOf(path: string): string[] {
  const reached = reachableFrom(path, sources, manifests)
  if (reached.size === 0) throw new Error(`${path} is no source`)
  return [...reached].flatMap(([file, specifiers]) =>
    specifiers.filter((specifier) => specifier.startsWith('node:')).map((specifier) => `${file}: ${specifier}`),
  )
}

test.each(entries.filter(({ entry }) => !Object.hasOwn(needsNode, entry)))(
  '$entry reaches no node: module, so that it runs in a browser',
  ({ path }) => {
    expect(nodeModulesOf(path)).toEqual([])
  },
)

test('the list of entries that need Node has only those that do', () => {
  const needing = entries.filter(({ path }) => nodeModulesOf(path).length > 0).map(({ entry }) => entry)
  expect(Object.keys(needsNode).filter((entry) => !needing.includes(entry))).toEqual([])
})

test('the verifier stands on the definitions alone', () => {
  const reached = [...reachableFrom('packages/proofs/src/verify/index.ts', sources, manifests).keys()]
  // What both sides share is the definitions (labels, layout, samples), never a step that makes or reads a proof's inputs.
  const own = /^packages\/proofs\/src\/(verify|spec)\//
  expect(reached.filter((path) => path.startsWith('packages/proofs/') && !own.test(path))).toEqual([])
})

/** Where two files part: the neighbours, each a folder or a file of the same folder, that they lie in. */
function neighbours(from: string, to: string): readonly [string, string] | undefined {
  const [one, other] = [from.split('/'), to.split('/')]
  const parts = one.findIndex((part, index) => part !== other[index])
  return parts === -1 ? undefined : [one.slice(0, parts + 1).join('/'), other.slice(0, parts + 1).join('/')]
}

test('rooms import one way', () => {
  const ways = new Set(
    sources
      .flatMap(({ path, imports }) =>
        imports
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => neighbours(path, join(dirname(path), specifier))?.join(' ') ?? []),
      )
      .flat(),
  )
  const both = [...ways]
    .map((way) => way.split(' ') as [string, string])
    .filter(([from, to]) => from < to && ways.has(`${to} ${from}`))
  expect(both.map(([from, to]) => `${from} and ${to} import each other`)).toEqual([])
})

test('the rooms of chain/state stand on each other in one order', () => {
  // `proving`, `access` and `validators` stand side by side.
  const floors = [
    ['store'],
    ['money'],
    ['proving', 'access', 'validators'],
    ['market'],
    ['governance'],
    ['messages'],
    ['machine'],
    ['index.ts'],
  ]
  const state = 'packages/chain/src/state/'
  const roomOf = (path: string): string => path.slice(state.length).split('/')[0]!
  const floorOf = (path: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(path)))
  const broken = violations(
    'machine, messages, governance, market, proving, access and validators, money, store',
    (file) =>
      file.path.startsWith(state)
        ? file.imports.filter((specifier) => {
            const target = join(dirname(file.path), specifier)
            if (!specifier.startsWith('.') || !target.startsWith(state)) return false
            return roomOf(target) !== roomOf(file.path) && floorOf(target) >= floorOf(file.path)
          })
        : [],
  )
  expect(broken).toEqual([])
})

test('no file imports itself by way of others', () => {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join('\n    imports '))
    if (done.has(path)) return
    done.add(path)
    for (const specifier of byPath.get(path)?.imports ?? [])
      if (specifier.startsWith('.')) visit(join(dirname(path), specifier), [...way, path])
  }
  for (const { path } of sources) visit(path, [])
  expect(circles).toEqual([])
})

test('libraries stay in the folders that they are confined to', () => {
  const broken = confined.flatMap(({ library, folders, rule }) =>
    violations(rule, (file) => (folders.test(file.path) ? [] : file.imports.filter((name) => library.test(name)))),
  )
  expect(broken).toEqual([])
})

test('only cli prints', () => {
  const broken = violations('anything that prints: only in cli', (file) =>
    file.package === 'cli'
      ? []
      : [...file.text.matchAll(/\bconsole\.\w+|process\.stdout|process\.stderr/g)].map((match) => match[0]),
  )
  expect(broken).toEqual([])
})

test('packages meet only through the exports of their package.json', () => {
  const broken = violations('packages meet only through exports', (file) =>
    file.imports.filter((specifier) => {
      if (specifier.startsWith('.')) {
        const target = join(dirname(file.path), specifier)
        return !target.startsWith(`packages/${file.package}/`)
      }
      const target = workspaceImport(specifier, manifests)
      return target !== undefined && target.target === undefined
    }),
  )
  expect(broken).toEqual([])
})

test("a package.json names what its package's sources run, and nothing that they do not import", () => {
  const namesIn = (specifiers: readonly string[]): Set<string> =>
    new Set(specifiers.filter((name) => !/^[.#]|^node:/.test(name)).map((name) => name.match(/^(@[^/]+\/)?[^/]+/)![0]))
  const broken = [...manifests.values()].flatMap(({ folder, manifest }) => {
    const own = sources.filter((file) => file.package === folder)
    const run = namesIn(own.flatMap(({ text }) => importsOf(withoutTypes(text))))
    const imported = namesIn(own.flatMap(({ imports }) => imports))
    const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
    return [
      ...[...run.difference(new Set([...declared, ...notPublished]))].map(
        (name) => `${folder} imports ${name}, its package.json does not name it`,
      ),
      ...[...declared.difference(imported)].map((name) => `${folder} names ${name}, no source imports it`),
    ]
  })
  expect(broken).toEqual([])
})

test('zod is imported as a namespace: `{ z }` keeps its locales in every bundle, as does `z.locales`', () => {
  const whole = /^import (?:type )?\{[^}]*\bz\b[^}]*\} from 'zod(?:\/mini)?'|\bz\.locales\b/gm
  expect(violations('zod: import * as z', (file) => withoutComments(file.text).match(whole) ?? [])).toEqual([])
})

test('only main.ts of cli names the outputs, the input and the environment of the process: commands have them given', () => {
  const broken = violations('ProgramContext: process.stdout, stderr, stdin and env', (file) =>
    file.package !== 'cli' || file.path === 'packages/cli/src/main.ts'
      ? []
      : [...file.text.matchAll(/\bprocess\.(stdout|stderr|stdin|env)\b/g)].map((match) => match[0]),
  )
  expect(broken).toEqual([])
})

test('no module-level state', () => {
  const mutable = /^(?:export )?(?:let \w+|const \w+(?::[^=\n]+)? = new (?:Map|Set|WeakMap|WeakSet)(?:<.*>)?\(\))/gm
  expect(violations('no module-level state', (file) => file.text.match(mutable) ?? [])).toEqual([])
})
