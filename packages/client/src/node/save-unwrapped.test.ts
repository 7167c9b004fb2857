/** A file that was put with its name, back on the disk: at the place that is said, or under the name that it has kept. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packPath } from '@granary/content/node'
import { createChainClient } from '@granary/protocol/client'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import { serveChain } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { type SaveOptions, type SaveResult, type SaveUnderOwnName, save } from './save.ts'

const home = mkdtempSync(join(tmpdir(), 'granary-unwrapped-'))
const into = join(home, 'into')
const original = join(home, 'original')
const text = 'the words of the file'
writeFileSync(original, text)
beforeEach(() => {
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into)
})
afterAll(() => rmSync(home, { recursive: true }))

interface Fetching extends SaveOptions {
  /** Of the file in the folder that is the root. */
  readonly name?: string
  /** Below the root. */
  readonly path?: string
}

async function fetchTo(out: string | SaveUnderOwnName, { name = 'kept.txt', path = '', ...options }: Fetching = {}) {
  const car = join(home, 'file.car')
  const { rootCid } = await packPath(original, car, { wrap: name })
  await using gateway = await serve((request, response) => {
    // A whole CAR answers whatever is asked of it, but for a single block.
    if (request.url?.includes('format=raw')) response.writeHead(404).end()
    else response.end(readFileSync(car))
  })
  await using served = await serveChain(() => ({}))
  const input = { chain: createChainClient({ url: served.url }), fetch }
  const gateways = [gateway.url]
  const result: SaveResult = await save(input, `${rootCid}${path}`, out, { unwrap: true, ...options, gateways })
  return { rootCid, result }
}

const at = (...names: string[]) => join(into, ...names)
const read = (...names: string[]) => readFileSync(at(...names), 'utf8')

test('at a place where nothing is, or a file, it is the file', async () => {
  const { result } = await fetchTo(at('out'))
  expect(result).toMatchObject({ type: 'file', out: at('out'), bytes: text.length, files: 1 })
  writeFileSync(at('out'), 'older')
  await fetchTo(at('out'))
  expect([read('out'), readdirSync(into)]).toEqual([text, ['out']])
})

test('in a folder, it has the name that it has kept', async () => {
  expect((await fetchTo({ folder: into })).result.out).toBe(at('kept.txt'))
  rmSync(at('kept.txt'))
  for (const out of [into, `${into}/`]) {
    expect((await fetchTo(out)).result.out).toBe(at('kept.txt'))
    rmSync(at('kept.txt'))
  }
  await fetchTo(into, { path: '/kept.txt' })
  expect(read('kept.txt')).toBe(text)
})

test('a folder is the folder: where that is not asked for, by a slash behind a new name, and as a CAR', async () => {
  const { rootCid } = await fetchTo(at('exact'), { unwrap: false })
  expect(read('exact', 'kept.txt')).toBe(text)
  await fetchTo(`${at('new')}/`)
  expect(read('new', 'kept.txt')).toBe(text)
  const { result } = await fetchTo({ folder: into }, { car: true })
  expect(result).toMatchObject({ cid: rootCid, type: 'car', out: at(`${rootCid}.car`) })
  expect(readFileSync(result.out).equals(readFileSync(join(home, 'file.car')))).toBe(true)
})

test('a slash behind a name that is not there asks for a folder: a file does not take that name', async () => {
  for (const options of [{ path: '/kept.txt' }, { car: true }]) {
    await expect(fetchTo(`${at('new')}/`, options)).rejects.toMatchObject({ code: 'OUT_INVALID' })
    writeFileSync(at('new'), 'of mine')
    await expect(fetchTo(`${at('new')}/`, options)).rejects.toMatchObject({ code: 'OUT_INVALID' })
    expect(read('new')).toBe('of mine')
    rmSync(at('new'))
  }
  expect(readdirSync(into)).toEqual([])
})

test('what is wrong with a place is not taken for a full disk', async () => {
  const failed = fetchTo(at('L'.repeat(300)))
  await expect(failed).rejects.toMatchObject({ code: 'OUT_INVALID', hint: 'choose another OUT' })
})

test('a range is that of the file', async () => {
  await fetchTo(at('out'), { range: { start: 4, end: 9 } })
  expect(read('out')).toBe('words')
})

test('a name that came along replaces nothing unless that is said; one that was asked for does', async () => {
  writeFileSync(at('kept.txt'), 'of mine')
  for (const out of [into, { folder: into }])
    await expect(fetchTo(out)).rejects.toMatchObject({
      code: 'OUT_EXISTS',
      message: expect.stringContaining('kept.txt'),
    })
  expect(read('kept.txt')).toBe('of mine')
  await fetchTo(into, { path: '/kept.txt' })
  expect(read('kept.txt')).toBe(text)
  writeFileSync(at('kept.txt'), 'of mine')
  await fetchTo(into, { overwrite: true })
  expect(read('kept.txt')).toBe(text)
})

test.each([
  ['../kept.txt', 'ENTRY_UNSAFE'],
  ['..', 'ENTRY_UNSAFE'],
  ['', 'ENTRY_UNSAFE'],
  ['.bashrc', 'OUT_INVALID'],
  ['-rf', 'OUT_INVALID'],
  ['two\nlines', 'OUT_INVALID'],
  ['\x1b[2J', 'OUT_INVALID'],
  ['\u202egnp.exe', 'OUT_INVALID'],
])(
  'a name that leads elsewhere, is hidden or is read as more than a name is not taken from a stranger: %j',
  async (name, code) => {
    for (const out of [into, { folder: into }]) await expect(fetchTo(out, { name })).rejects.toMatchObject({ code })
    expect(readdirSync(into)).toEqual([])
    await fetchTo(at('out'), { name })
    expect([read('out'), readdirSync(into)]).toEqual([text, ['out']])
  },
)
