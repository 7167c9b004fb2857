import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { FolderEntry } from '../retrieve/walk-content.ts'
import { writeFolder } from './folder-writer.ts'

let into: string
beforeEach(() => {
  into = mkdtempSync(join(tmpdir(), 'granary-folder-'))
})
afterEach(() => rmSync(into, { recursive: true }))

const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

function folder(...names: string[]): FolderEntry {
  return { names, cid, type: 'directory' }
}

function file(text: string, ...names: string[]): FolderEntry {
  return {
    ...{ names, cid, type: 'file', size: text.length },
    async *stream() {
      yield new TextEncoder().encode(text)
    },
  }
}

function link(target: string, ...names: string[]): FolderEntry {
  return { names, cid, type: 'symlink', target }
}

async function* listed(...entries: (FolderEntry | Error)[]): AsyncGenerator<FolderEntry> {
  for (const entry of entries) {
    if (Error.isError(entry)) throw entry
    yield entry
  }
}

const keep = { overwrite: false }

test('files, folders and links are there under the name, with nothing beside it', async () => {
  const out = join(into, 'out')
  const entries = listed(
    ...[folder('a'), folder('a', 'b'), file('deep', 'a', 'b', 'c'), file('', 'empty'), folder('none')],
    ...[link('b/c', 'a', 'to c'), link('../empty', 'a', 'up'), link('..', 'a', 'b', 'parent'), link('./a//b/', 'to b')],
  )
  expect(await writeFolder(out, entries, keep)).toEqual({ files: 2, bytes: 4 })
  expect(readdirSync(into)).toEqual(['out'])
  expect(readdirSync(out).sort()).toEqual(['a', 'empty', 'none', 'to b'])
  expect(readFileSync(join(out, 'a', 'to c'), 'utf8')).toBe('deep')
  expect(readFileSync(join(out, 'a', 'b', 'parent', 'up'), 'utf8')).toBe('')
  expect(readlinkSync(join(out, 'to b'))).toBe('./a//b/')
})

test.each<[string, FolderEntry[]]>([
  ['..', [file('x', '..')]],
  ['.. below a folder', [folder('a'), file('x', 'a', '..')]],
  ['.', [folder('.')]],
  ['no name', [file('x', '')]],
  ['a path', [file('x', '../x')]],
  ['an absolute path', [file('x', '/etc/x')]],
  ['a NUL', [file('x', 'a\0b')]],
  ['a name twice', [file('x', 'a'), file('y', 'a')]],
  ['a folder where a file is', [file('x', 'a'), folder('a')]],
  ['a link out', [link('../x', 'a')]],
  ['a link out of a folder below', [folder('a'), link('../../x', 'a', 'b')]],
  ['a link to an absolute path', [link('/etc/passwd', 'a')]],
  ['a link that goes down and up again', [folder('a'), link('a/../..', 'b')]],
  [
    'a link through another link',
    [folder('d'), folder('d', 'e'), link('../..', 'd', 'e', 'x'), link('d/e/x/../q', 'y')],
  ],
  ['a link to nothing', [link('', 'a')]],
  ['a link to a drive', [link('c:/x', 'a')]],
])('an entry that is %s is refused, and nothing is written', async (_, entries) => {
  const refused = writeFolder(join(into, 'out'), listed(file('ok', 'before'), ...entries), keep)
  await expect(refused).rejects.toMatchObject({ code: 'ENTRY_UNSAFE', hint: expect.stringContaining('--car') })
  expect(readdirSync(into)).toEqual([])
})

test('a file whose folder is a link of the same folder lands in no other place', async () => {
  const entries = listed(link('b', 'a'), folder('b'), folder('a'), file('x', 'a', 'c'))
  await expect(writeFolder(join(into, 'out'), entries, keep)).rejects.toThrow()
  expect(readdirSync(into)).toEqual([])
})

test('what breaks off leaves nothing, and what was there stays', async () => {
  const out = join(into, 'out')
  mkdirSync(out)
  writeFileSync(join(out, 'older'), 'older')
  const entries = () => listed(folder('a'), file('x', 'a', 'b'), new Error('the provider is gone'))
  await expect(writeFolder(out, entries(), { overwrite: true })).rejects.toThrow('the provider is gone')
  await expect(writeFolder(join(into, 'new'), entries(), keep)).rejects.toThrow('the provider is gone')
  expect(readdirSync(into)).toEqual(['out'])
  expect(readFileSync(join(out, 'older'), 'utf8')).toBe('older')
})

test('what is there is replaced only when that is said, and then as a whole', async () => {
  const out = join(into, 'out')
  mkdirSync(out)
  writeFileSync(join(out, 'older'), 'older')
  await expect(writeFolder(out, listed(file('x', 'new')), keep)).rejects.toMatchObject({ code: 'OUT_EXISTS' })
  expect(readdirSync(out)).toEqual(['older'])
  await writeFolder(out, listed(file('x', 'new')), { overwrite: true })
  expect([readdirSync(out), readdirSync(into)]).toEqual([['new'], ['out']])
  const path = join(into, 'a file')
  writeFileSync(path, 'older')
  await writeFolder(path, listed(), { overwrite: true })
  expect(lstatSync(path).isDirectory()).toBe(true)
})

test('the folder that the program runs in, and what it is in, is not replaced', async () => {
  const work = join(into, 'work')
  mkdirSync(join(work, 'here'), { recursive: true })
  writeFileSync(join(work, 'here', 'precious'), 'older')
  const before = process.cwd()
  process.chdir(join(work, 'here'))
  try {
    for (const out of [join(work, 'here'), work]) {
      const replaced = writeFolder(out, listed(file('x', 'new')), { overwrite: true })
      await expect(replaced).rejects.toMatchObject({ code: 'OUT_INVALID', details: { out } })
    }
    await writeFolder(join(work, 'here', '..more'), listed(), keep)
    await writeFolder(join(work, 'here', '..more'), listed(), { overwrite: true })
  } finally {
    process.chdir(before)
  }
  expect(readdirSync(join(work, 'here')).sort()).toEqual(['..more', 'precious'])
})

test('a name as long as a name may be is that of a folder, and a longer one in it is said to be too long', async () => {
  const out = join(into, 'L'.repeat(255))
  await writeFolder(out, listed(file('x', 'L'.repeat(255))), keep)
  await writeFolder(out, listed(file('y', '日'.repeat(85))), { overwrite: true })
  expect([readdirSync(out), readdirSync(into)]).toEqual([['日'.repeat(85)], ['L'.repeat(255)]])
  const long = 'L'.repeat(300)
  for (const entry of [file('x', long), folder(long), link('a', long)]) {
    await expect(writeFolder(join(into, 'out'), listed(entry), keep)).rejects.toMatchObject({
      code: 'ENTRY_UNSAFE',
      details: { names: [long] },
    })
  }
  expect(readdirSync(into)).toEqual(['L'.repeat(255)])
})

test('what appears under the name while the folder is fetched is not replaced unasked', async () => {
  const out = join(into, 'out')
  async function* entries(): AsyncGenerator<FolderEntry> {
    yield file('x', 'new')
    mkdirSync(out)
    writeFileSync(join(out, 'of another'), 'precious')
  }
  await expect(writeFolder(out, entries(), keep)).rejects.toMatchObject({ code: 'OUT_EXISTS' })
  expect([readdirSync(out), readdirSync(into)]).toEqual([['of another'], ['out']])
})
