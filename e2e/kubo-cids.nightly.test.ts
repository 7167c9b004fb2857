/** Files and folders have the CIDs that Kubo gives them, by each profile; and it reads the CARs that a put sends. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathSource } from '@granary/client/node'
import { type ImportProfileName, memoryBlockTable, pieceCar, readManifest } from '@granary/content'
import { createLeafReader, type FileSeen, pathTree } from '@granary/content/node'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Kubo, kubo, kuboCanBeBuilt } from './kubo.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const KUBO_MS_MAX = 30 * 60_000

/** How a repository is made, and what is said to `ipfs add`. */
const profiles: Readonly<Record<ImportProfileName, { init: readonly string[]; add: readonly string[] }>> = {
  'unixfs-v1-2025': { init: ['--profile', 'unixfs-v1-2025'], add: [] },
  'unixfs-v0-2015': { init: ['--profile', 'unixfs-v0-2015'], add: [] },
  'kubo-cid-v1': { init: [], add: ['--cid-version=1'] },
}

interface Case {
  readonly name: string
  readonly hidden?: boolean
  make(path: string): void
}

const file = (bytes: number): Case => ({
  name: `a file of ${bytes} bytes`,
  make: (path) => writeMarked(path, bytes),
})
const folder = (entries: number, nameBytes = 0): Case => ({
  name: `a folder of ${entries} entries${nameBytes > 0 ? ` with names of ${nameBytes} bytes` : ''}`,
  make(path) {
    for (let at = 0; at < entries; at += 1) write(join(path, `${at}`.padEnd(nameBytes, 'x')), `${at % 7}`)
  },
})

const cases: readonly Case[] = [
  ...[0, 1, 256 * 1024, 256 * 1024 + 1, MIB - 1, MIB, MIB + 1, 174 * 256 * 1024 + 1].map(file),
  ...[GIB - 1, GIB, GIB + 1].map(file),
  ...[3, 1_000, 4_700, 6_000].map((entries) => folder(entries)),
  folder(1_200, 200),
  { name: 'an empty folder', make: (path) => mkdirSync(path) },
  { name: 'folders in folders, an empty one, spaces and backslashes', make: nested },
  { name: 'dot files left out', make: dotted },
  { name: 'dot files taken along', make: dotted, hidden: true },
  { name: 'symbolic links', make: linked },
]

let home: string
let program: Kubo

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'granary-kubo-'))
  if (!kuboCanBeBuilt) return
  program = await kubo()
  for (const [profile, { init }] of Object.entries(profiles))
    await program.run(repoOf(profile), ['init', '--empty-repo', ...init])
}, KUBO_MS_MAX)
afterAll(() => rmSync(home, { recursive: true, force: true }))

const repoOf = (profile: string) => join(home, `repository-${profile}`)

const withKubo = kuboCanBeBuilt ? test : test.skip
const why = kuboCanBeBuilt ? '' : ': no Go here that builds Kubo'

for (const { name, make, hidden = false } of cases) {
  withKubo(
    `${name} has the CIDs of Kubo${why}`,
    async () => {
      const path = join(home, 'a case')
      make(path)
      for (const [profile, { add }] of Object.entries(profiles)) {
        const flags = ['--recursive', '--quieter', '--only-hash', ...add, ...(hidden ? ['--hidden'] : [])]
        const theirs = await program.run(repoOf(profile), ['add', ...flags, path])
        const tree = await pathTree(path, { hidden })
        const { root } = await readManifest(tree, memoryBlockTable(), { profile: profile as ImportProfileName })
        expect({ profile, cid: root.toString() }).toEqual({ profile, cid: theirs })
      }
      rmSync(path, { recursive: true })
    },
    600_000,
  )
}

for (const [name, bytes] of [
  ['a name', 0],
  ['report.pdf', MIB + 1],
  ['.hidden ä €', 174 * 256 * 1024 + 1],
] as const) {
  withKubo(
    `a file that keeps its name, "${name}", has the CIDs of ipfs add -w${why}`,
    async () => {
      const path = join(home, name)
      writeMarked(path, bytes)
      for (const [profile, { add }] of Object.entries(profiles)) {
        const flags = ['--wrap-with-directory', '--quieter', '--only-hash', ...add]
        const theirs = await program.run(repoOf(profile), ['add', ...flags, path])
        const { wrap } = await pathSource(path)
        const options = { profile: profile as ImportProfileName, wrap }
        const { root } = await readManifest(await pathTree(path), memoryBlockTable(), options)
        expect({ profile, cid: root.toString() }).toEqual({ profile, cid: theirs })
      }
    },
    600_000,
  )
}

withKubo(
  `Kubo has a folder after it was given the CARs of its pieces, and no other${why}`,
  async () => {
    const path = join(home, 'pieces')
    nested(path)
    writeMarked(join(path, 'large'), 20 * MIB)
    const repo = repoOf('unixfs-v1-2025')
    const seen: FileSeen[] = []
    const table = memoryBlockTable()
    const tree = await pathTree(path, {}, (found) => void seen.push(found))
    const { root, cuts } = await readManifest(tree, table, { pieceSizeMax: 4 * MIB })
    expect(cuts.length).toBeGreaterThan(5)
    await using leaves = createLeafReader((number) => seen[number]!)
    for (const [piece, cut] of cuts.entries()) {
      const car = pieceCar({
        root,
        table,
        cut,
        nameOf: String,
        readLeaf: (place, memory) => leaves.read(place, memory),
      })
      const carPath = join(home, `piece-${piece}.car`)
      writeFileSync(carPath, await car.read(0, car.size))
      await program.run(repo, ['dag', 'import', '--pin-roots=false', '--offline', carPath])
    }
    const out = join(home, 'out')
    await program.run(repo, ['get', '--offline', '--output', out, `/ipfs/${root}`])
    const again = await readManifest(await pathTree(out), memoryBlockTable())
    expect(again.root.toString()).toBe(root.toString())
  },
  600_000,
)

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** Each 256 KiB begins with bytes of its own; the rest are holes. */
function writeMarked(path: string, bytes: number): void {
  mkdirSync(dirname(path), { recursive: true })
  const out = openSync(path, 'w')
  for (let at = 0; at + 32 <= bytes; at += 256 * 1024)
    writeSync(out, createHash('sha256').update(`${at}`).digest(), 0, 32, at)
  closeSync(out)
  truncateSync(path, bytes)
}

function nested(path: string): void {
  write(join(path, 'a', 'b', 'c', 'd'), 'deep')
  write(join(path, 'ä €'), '')
  write(join(path, ' a space at each end '), 'x')
  write(join(path, 'back\\slash'), 'y')
  writeMarked(join(path, 'a', 'large'), 3 * MIB + 7)
  mkdirSync(join(path, 'a', 'empty'))
}

function dotted(path: string): void {
  for (const name of ['.hidden', '.folder/file', 'seen', 'deep/.git/config', 'deep/seen']) write(join(path, name), name)
}

function linked(path: string): void {
  write(join(path, 'deep', 'file'), 'x')
  symlinkSync('deep/file', join(path, 'to a file'))
  symlinkSync('deep', join(path, 'to a folder'))
  symlinkSync('/no/where', join(path, 'broken'))
  symlinkSync('..', join(path, 'deep', 'up'))
}
