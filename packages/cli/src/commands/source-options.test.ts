/** The ways that files become content, by the flags of a command that only packs; and what put takes them for. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { granary } from '../../test/granary.ts'
import { openContent, type SourceOptions, sourceFlags } from './source-options.ts'

let home: string
let folder: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-cli-source-'))
  folder = join(home, 'folder')
  await mkdir(folder)
  await writeFile(join(folder, 'file'), 'hello world')
  await writeFile(join(folder, '.hidden'), 'hidden')
  await symlink('file', join(folder, 'link'))
})
afterAll(() => rm(home, { recursive: true }))

async function rootOf(path: string, ...flags: string[]): Promise<string> {
  const { stdout } = await granary(['tools', 'car', path, '-o', join(home, 'out.car'), '--json', ...flags])
  return JSON.parse(stdout).data.rootCid
}

test('a profile decides how the CID of a file is made', async () => {
  const file = join(folder, 'file')
  const alone = (...flags: string[]) => rootOf(file, '--no-wrap', ...flags)
  expect(await alone()).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
  expect(await alone('--cid-profile', 'kubo-cid-v1')).toBe(await alone())
  expect(await alone('--cid-profile', 'unixfs-v0-2015')).toBe('Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD')
})

test('a file is packed with its name, and a folder is its own root; --wrap and --no-wrap say otherwise', async () => {
  const file = join(folder, 'file')
  const [kept, alone] = [await rootOf(file), await rootOf(file, '--no-wrap')]
  expect(kept).not.toBe(alone)
  expect(await rootOf(file, '--wrap')).toBe(kept)
  expect(await rootOf(folder, '--no-wrap')).toBe(await rootOf(folder))
  expect(await rootOf(folder, '--wrap')).not.toBe(await rootOf(folder))
})

test('hidden files and followed links make another folder', async () => {
  const ways = [[], ['--hidden'], ['--links', 'follow'], ['--hidden', '--links', 'follow']]
  const roots = []
  for (const flags of ways) roots.push(await rootOf(folder, ...flags))
  expect(new Set(roots).size).toBe(ways.length)
  expect(await rootOf(folder, '--links', 'keep')).toBe(roots[0])
})

test('what is put is files by their paths, or standard input, under a name when that is said', async () => {
  const options: SourceOptions = { links: 'keep', cidProfile: 'unixfs-v1-2025' }
  const stdin = new PassThrough() as never
  expect(await openContent([folder], options, { stdin })).toMatchObject({ kind: 'path', paths: [['folder', folder]] })
  expect(await openContent(['-'], options, { stdin })).toMatchObject({ kind: 'content', files: [{ path: '' }] })
  const named = { ...options, stdinName: 'log.txt' }
  expect(await openContent(['-'], named, { stdin })).toMatchObject({ name: 'log.txt', wrap: { name: 'log.txt' } })
  const alone = { ...named, wrap: false }
  expect(await openContent(['-'], alone, { stdin })).not.toHaveProperty('wrap')
  await expect(openContent(['-'], { ...options, wrap: true }, { stdin })).rejects.toThrow('--stdin-name')
  await expect(openContent([folder], named, { stdin })).rejects.toThrow('standard input')
})

test('a pattern that no shell has expanded is what it matches, but for a file of that very name', async () => {
  const options: SourceOptions = { links: 'keep', cidProfile: 'unixfs-v1-2025' }
  const stdin = new PassThrough() as never
  const pathsOf = async (...patterns: string[]) => {
    const source = await openContent(patterns, options, { stdin })
    return 'paths' in source ? [...source.paths].map(([name]) => name) : []
  }
  for (const name of ['b 1.txt', 'b 2.txt', '.b.txt', 'c*']) await writeFile(join(home, name), name)
  expect(await pathsOf(join(home, 'b*.txt'))).toEqual(['b 1.txt', 'b 2.txt'])
  expect(await pathsOf(join(home, '*.txt'))).toEqual(['b 1.txt', 'b 2.txt'])
  expect(await pathsOf(join(home, 'c*'))).toEqual(['c*'])
  expect(await pathsOf(join(home, '{b 1,b 2}.txt'), join(home, 'c*'))).toEqual(['b 1.txt', 'b 2.txt', 'c*'])
  // Also of a link by that name, wherever it leads.
  await writeFile(join(home, 'd.txt'), '')
  await symlink('nowhere', join(home, '[d].txt'))
  await expect(pathsOf(join(home, '[d].txt'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  await expect(pathsOf(join(home, '*.pdf'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
})

test('an empty path is no file, and named as what it is', async () => {
  for (const paths of [[''], [folder, '']])
    await expect(
      openContent(paths, { links: 'keep', cidProfile: 'unixfs-v1-2025' }, { stdin: new PassThrough() as never }),
    ).rejects.toMatchObject({ code: 'USAGE', message: 'a path is empty' })
})

test('the command that goes on has the flags that are not the default', () => {
  expect(sourceFlags({ links: 'keep', cidProfile: 'unixfs-v1-2025' })).toEqual([])
  expect(sourceFlags({ links: 'keep', cidProfile: 'unixfs-v1-2025', wrap: false })).toEqual(['--no-wrap'])
  const all: SourceOptions = { links: 'follow', cidProfile: 'kubo-cid-v1', hidden: true, wrap: true }
  expect(sourceFlags(all)).toEqual(['--hidden', '--links', 'follow', '--cid-profile', 'kubo-cid-v1', '--wrap'])
})

const onLinux = process.platform === 'linux' ? test : test.skip
const why = process.platform === 'linux' ? '' : ': names are UTF-8 here'
onLinux(
  `a file whose name is not UTF-8 is named, also where a pattern finds it, and nothing is stored${why}`,
  async () => {
    const odd = join(home, 'odd')
    await mkdir(odd)
    await writeFile(join(odd, 'a'), 'first in the order')
    await writeFile(Buffer.concat([Buffer.from(join(odd, 'b')), Buffer.from([0xff])]), 'latin')
    const options: SourceOptions = { links: 'keep', cidProfile: 'unixfs-v1-2025' }
    const unreadable = { code: 'FILE_UNREADABLE', details: { path: join(odd, 'b\ufffd') } }
    await expect(openContent([join(odd, '*')], options, { stdin: new PassThrough() as never })).rejects.toMatchObject(
      unreadable,
    )
    const { stdout } = await granary(['tools', 'car', odd, '-o', join(home, 'odd.car'), '--json'])
    expect(JSON.parse(stdout).error).toMatchObject(unreadable)
  },
)
