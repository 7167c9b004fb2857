/** What is published: packed, installed with plain npm into an empty folder, and run from there. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { dirname, normalize } from 'node:path/posix'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData, type Package } from '@arethetypeswrong/core'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { createWorkbench, envelope, repository } from './harness.ts'
import { readManifests } from './imports.ts'
import { sparseFile, watchMemory } from './large.ts'
import { operateProvider } from './operate-provider.ts'
import { env, npmInstall, type Packed, packAll, whyNoRegistry, withOwnDependencies } from './packed.ts'
import { commandsBelow } from './readme.ts'
import { succeeded } from './story.ts'

const run = promisify(execFile)
const MINUTES = 60_000
const PUBLISHED = [...readManifests(repository).values()].flatMap(({ manifest }) =>
  manifest.private ? [] : [manifest.name],
)
const SPARSE_BYTES = 10 * 2 ** 30
const PRICING_MEMORY_MAX = 200_000_000
/** What an SDK has no use for: servers, queues, databases, whole libp2p nodes, the node and the provider themselves. */
const SERVER_LIBRARIES =
  /^(express.*|fastify|koa|bullmq|ioredis|redis|better-sqlite3|@electric-sql\/.*|commander|tinypool|@tus\/.*|helia|libp2p|granary|@granary\/(chain|provider|sim))$/
/** Far below the 90 that were wanted: one library less carefully chosen brings thirty. */
const SDK_PACKAGES_MAX = 40
/** Packages are ES modules with `exports`, for Node 24 and bundlers: what resolves neither is not asked. */
const NOT_SERVED = ['node10', 'node16-cjs']

interface SourceMap {
  readonly sources: readonly string[]
  readonly sourcesContent?: readonly (string | null)[]
}

let folder: string
let packed: Map<string, Packed>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-packed-'))
  packed = await packAll(folder)
}, 4 * MINUTES)
afterAll(() => rm(folder, { recursive: true, force: true }))

async function tarballOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(packed.get(name)!.tarball))
}

async function contentOf(name: string): Promise<{ files: Package; root: string; paths: string[] }> {
  const files = createPackageFromTarballData(await tarballOf(name))
  const root = `/node_modules/${name}/`
  return { files, root, paths: files.listFiles().map((path) => path.slice(root.length)) }
}

describe.each(PUBLISHED)('%s', (name) => {
  test('publint finds nothing to say', async () => {
    const { buffer } = await tarballOf(name)
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  test('its types are those of what runs', async () => {
    const result = await checkPackage(createPackageFromTarballData(await tarballOf(name)))
    if (!result.types) throw new Error('it has no types')
    const resolved = result.problems.filter((it) => !('resolutionKind' in it && NOT_SERVED.includes(it.resolutionKind)))
    expect(resolved).toEqual([])
    expect(Object.keys(result.entrypoints)).toEqual(Object.keys(packed.get(name)!.manifest.exports))
  })

  test('each file has its map, and each map its source, beside it or in it', async () => {
    const { files, root, paths } = await contentOf(name)
    const built = paths.filter((path) => /^dist\/.*\.(js|d\.ts)$/.test(path))
    expect(built.length).toBeGreaterThan(0)
    const missing = built.flatMap((path) => {
      const map = `${path}.map`
      if (!paths.includes(map)) return [map]
      const { sources, sourcesContent = [] } = JSON.parse(files.readFile(`${root}${map}`)) as SourceMap
      return sources
        .filter((_, index) => typeof sourcesContent[index] !== 'string')
        .map((source) => normalize(join(dirname(map), source)))
        .filter((source) => !paths.includes(source))
    })
    expect(missing).toEqual([])
  })

  test('both licences are in it, whole', async () => {
    const { files, root } = await contentOf(name)
    const text = files.readFile(`${root}LICENSE`)
    expect(text).toContain('Permission is hereby granted, free of charge')
    expect(text).toContain('END OF TERMS AND CONDITIONS')
  })

  test('no test and nothing that was built for this machine is in it', async () => {
    const { paths } = await contentOf(name)
    expect(paths.filter((path) => /\.test\.|\.tsbuildinfo$|\.node$|(^|\/)test\//.test(path))).toEqual([])
  })
})

const noRegistry = whyNoRegistry()
const suite = noRegistry === undefined ? describe : describe.skip
suite(noRegistry === undefined ? 'the SDK' : `the SDK: nothing can be installed here, ${noRegistry}`, () => {
  let home: string
  let installed: string[]

  beforeAll(async () => {
    home = join(folder, 'sdk')
    installed = await npmInstall(home, withOwnDependencies('@granary/client', packed))
  }, 4 * MINUTES)

  test('brings few packages, and no server', () => {
    expect(installed).toContain('@granary/client')
    expect(installed.filter((name) => SERVER_LIBRARIES.test(name))).toEqual([])
    expect(installed.length).toBeLessThanOrEqual(SDK_PACKAGES_MAX)
  })

  test(
    'the snippet of its README has types, stores a file on a devnet and gets it back',
    async () => {
      const bench = createWorkbench()
      try {
        const [line] = await bench.start(['devnet', '--json']).line(/^\{"event":"ready".*\}$/)
        const { url } = JSON.parse(line) as { url: string }

        const readme = await readFile(join(home, 'node_modules/@granary/client/README.md'), 'utf8')
        const [, snippet = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
        expect(snippet).toContain('http://127.0.0.1:7460')
        await writeFile(join(home, 'snippet.ts'), snippet.replace('http://127.0.0.1:7460', url))
        // What the README leaves to its reader.
        await writeFile(join(home, 'report.pdf'), 'not much of a report\n'.repeat(5_000))
        const tsc = join(repository, 'node_modules/.bin/tsc')
        const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
        const types = ['--typeRoots', join(repository, 'node_modules/@types')]
        await run(tsc, [...options, ...types, '--ignoreConfig', 'snippet.ts'], { cwd: home, env })

        const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', 'snippet.ts'], {
          cwd: home,
          env,
        })
        expect(stdout).toMatch(/active/)
        expect(await readFile(join(home, 'copy.pdf'))).toEqual(await readFile(join(home, 'report.pdf')))
      } finally {
        await bench.close()
      }
    },
    5 * MINUTES,
  )
})

test('the program has the licences of the libraries that are bundled in it', async () => {
  const { files, root } = await contentOf('granary')
  const said = files.readFile(`${root}dist/THIRD-PARTY.txt`)
  for (const library of ['@noble/hashes', 'commander', 'multiformats', 'zod'])
    expect(said).toMatch(new RegExp(`^${library} [\\d.]+ \\((?:Apache-2.0 OR )?MIT\\)$`, 'm'))
  expect(said).toContain('THE SOFTWARE IS PROVIDED')
})

suite(noRegistry === undefined ? 'the program' : `the program: nothing can be installed here, ${noRegistry}`, () => {
  let home: string
  let installed: string[]

  beforeAll(async () => {
    home = join(folder, 'program')
    installed = await npmInstall(home, packed.values())
  }, 4 * MINUTES)

  test('nobody gets React Native, or a libp2p node, unasked', () => {
    expect(installed).toContain('@granary/provider')
    expect(installed.filter((name) => /react|webrtc|^helia$|^libp2p$|@helia\/bitswap/.test(name))).toEqual([])
  })

  test('says that it has no benchmarks, and where they are', async () => {
    const program = join(home, 'node_modules/granary/bin/granary.js')
    const failed = await run(process.execPath, [program, 'tools', 'bench', 'commp'], { cwd: home, env }).catch(
      (error: { code: number; stderr: string }) => error,
    )
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('[BENCHMARKS_MISSING]') })
    expect(failed.stderr).toContain('in a checkout of Granary')
  })

  test(
    'reads and prices 10 GiB in little memory',
    async () => {
      const bench = createWorkbench(join(home, 'node_modules/granary/bin/granary.js'))
      try {
        const [line] = await bench.start(['devnet', '--json']).line(/^\{"event":"ready".*\}$/)
        const { url } = JSON.parse(line) as { url: string }
        const path = sparseFile(join(bench.home, 'sparse.bin'), SPARSE_BYTES)
        const pricing = bench.start(['put', path, '--dry-run', '--chain', url, '--json'])
        const { peakBytes } = watchMemory(pricing)
        const { data } = envelope<{ fileBytes: number; slots: object[] }>(succeeded(await pricing.finished))
        expect(data.fileBytes).toBe(SPARSE_BYTES)
        expect(data.slots.length).toBeGreaterThan(0)
        expect(peakBytes()).toBeLessThan(PRICING_MEMORY_MAX)
      } finally {
        await bench.close()
      }
    },
    4 * MINUTES,
  )

  test(
    'each command that its page tells operators of providers works as it is written',
    async () => {
      const bench = createWorkbench(join(home, 'node_modules/granary/bin/granary.js'))
      try {
        const left = Object.entries(await operateProvider(bench))
        for (const [command, why] of left) console.warn(`not typed, since ${why}: ${command}`)
        expect(left.filter(([, why]) => why === undefined)).toEqual([])
      } finally {
        await bench.close()
      }
    },
    5 * MINUTES,
  )

  test(
    'stores a file on a devnet, proves it and gets it back',
    async () => {
      const file = join(home, 'hello.txt')
      await writeFile(file, 'hello from an installed program\n'.repeat(100))
      const program = join(home, 'node_modules/granary/bin/granary.js')
      const { stdout, stderr } = await run(process.execPath, [program, 'demo', file, '--exit'], { cwd: home, env })
      expect(`${stdout}${stderr}`).toMatch(/every byte/)
    },
    5 * MINUTES,
  )
})

suite(
  noRegistry === undefined ? "the README's way" : `the README's way: nothing can be installed here, ${noRegistry}`,
  () => {
    test(
      'packs and installs the program, and no name can bring in another',
      async () => {
        const home = await mkdtemp(join(folder, 'home-'))
        const own = { ...env, HOME: home, npm_config_prefix: join(home, 'global') }
        const installed = { ...own, PATH: [join(home, 'global/bin'), own.PATH].join(delimiter) }
        const commands = commandsBelow('In another folder')
        expect(commands.at(-1)).toBe('granary --version')
        const outputs = []
        for (const command of commands) {
          const isBuilding = command.startsWith('npx pnpm')
          const cwd = isBuilding ? repository : home
          // A shell has ~ for HOME; turbo's cache is that of the checkout either way.
          outputs.push((await run('sh', ['-c', command], { cwd, env: installed, maxBuffer: 1 << 26 })).stdout)
        }
        expect(outputs.at(-1)).toBe('0.1.0\n')
        // Where nothing is installed, `npx --no --` fetches nothing.
        const empty = await mkdtemp(join(folder, 'empty-'))
        const npx = run('npx', ['--no', '--', 'granary', '--version'], {
          cwd: empty,
          env: { ...own, npm_config_prefix: empty },
        })
        await expect(npx).rejects.toMatchObject({ stdout: '' })
        // A command that the installed program prints is called by the name that it has here.
        const doctor = await run('granary', ['doctor'], { cwd: home, env: installed }).catch((error) => error)
        expect(doctor).toMatchObject({ code: 5, stdout: expect.stringContaining('`granary put FILE`') })
      },
      5 * MINUTES,
    )
  },
)
