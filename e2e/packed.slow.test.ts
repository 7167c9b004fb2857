/** What is published: packed, installed with plain npm into an empty folder, and run from there. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { repository } from './harness.ts'

const run = promisify(execFile)
const packages = ['base', 'protocol', 'proofs', 'content', 'chain', 'provider', 'client', 'sim', 'cli']
/** The Node that runs this test comes first, since the packages want its version. */
const env = { ...process.env, NODE_OPTIONS: '', PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }
const MINUTES = 60_000

let folder: string
let installed: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-packed-'))
  const pnpm = join(repository, 'node_modules/.bin/pnpm')
  await run(pnpm, ['build'], { cwd: repository, env })
  for (const name of packages)
    await run(pnpm, ['pack', '--pack-destination', folder], { cwd: join(repository, 'packages', name), env })
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz')).map((name) => `./${name}`)
  expect(tarballs).toHaveLength(packages.length)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  await run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], { cwd: folder, env })
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as { packages: object }
  installed = Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, ''))
}, 8 * MINUTES)
afterAll(() => rm(folder, { recursive: true, force: true }))

test('nobody gets React Native, or a libp2p node, unasked', () => {
  expect(installed).toContain('@granary/provider')
  expect(installed.filter((name) => /react|webrtc|^helia$|^libp2p$|@helia\/bitswap/.test(name))).toEqual([])
})

test(
  'the installed program stores a file on a devnet, proves it and gets it back',
  async () => {
    const file = join(folder, 'hello.txt')
    await writeFile(file, 'hello from an installed program\n'.repeat(100))
    const program = join(folder, 'node_modules/granary/bin/granary.js')
    const { stdout, stderr } = await run(process.execPath, [program, 'demo', file, '--exit'], {
      cwd: folder,
      env,
    })
    expect(`${stdout}${stderr}`).toMatch(/every byte/)
  },
  5 * MINUTES,
)
