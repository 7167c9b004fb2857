import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Manifest } from '../ports.ts'
import { contentSource, folderSource } from '../sources/content-source.ts'
import { fileSpool } from './file-spool.ts'
import { type PathSource, pathSource } from './path-source.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'granary-source-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const bytes = new TextEncoder().encode('hello world')
const at = (...names: string[]) => join(home, ...names)

function write(...names: string[]): void {
  mkdirSync(join(at(...names), '..'), { recursive: true })
  writeFileSync(at(...names), bytes)
}

async function read(source: PathSource | ReturnType<typeof contentSource>): Promise<Manifest> {
  const spool = fileSpool(at('spool'))
  return await spool.read(spool.nameOf(source), source, {})
}

test('a file is in a folder under its name, unless that is not wanted', async () => {
  write('greeting.txt')
  const source = await pathSource(at('greeting.txt'))
  expect(source).toMatchObject({ name: at('greeting.txt'), bytes: 11, wrap: { isDefault: true } })
  const { rootCid } = await read(folderSource('x', [{ path: 'greeting.txt', content: bytes }]))
  expect(await read(source)).toMatchObject({ rootCid, name: 'greeting.txt', fileBytes: 11, blocks: 2 })
  const asked = await pathSource(at('greeting.txt'), { wrap: true })
  expect(asked.wrap).toEqual({ name: 'greeting.txt', isDefault: false })
  expect((await read(asked)).rootCid).toBe(rootCid)
  const alone = await read(await pathSource(at('greeting.txt'), { wrap: false }))
  expect(alone.rootCid).toBe((await read(contentSource(bytes))).rootCid)
  expect(alone.name).toBeUndefined()
})

test('a folder is its own root, and in one under its name when that is wanted', async () => {
  write('folder', 'one')
  const wrapped = await read(await pathSource(at('folder'), { wrap: true }))
  expect(wrapped.rootCid).toBe((await read(folderSource('x', [{ path: 'folder/one', content: bytes }]))).rootCid)
})

test('whether the folder around a file is left out is asked by the CIDs of both, once its bytes are read', async () => {
  write('greeting.txt')
  const spool = fileSpool(at('spool'))
  const source = await pathSource(at('greeting.txt'))
  const asked: string[] = []
  const isLeftOut = async (alone: string, wrapped: string) => asked.push(alone, wrapped) > 0
  const manifest = await spool.read(spool.nameOf(source), source, { isLeftOut })
  const { rootCid } = await read(contentSource(bytes))
  const wrapped = await read(await pathSource(at('greeting.txt'), { wrap: true }))
  expect([asked, manifest]).toMatchObject([[rootCid, wrapped.rootCid], { rootCid, blocks: 1 }])
  expect(manifest.name).toBeUndefined()
})

test('a folder is that folder, and several paths are one', async () => {
  write('folder', 'deep', 'one')
  write('two')
  const folder = await pathSource(at('folder'))
  expect(folder.bytes).toBeUndefined()
  expect((await read(folder)).rootCid).toBe(
    (await read(folderSource('x', [{ path: 'deep/one', content: bytes }]))).rootCid,
  )
  const both = await pathSource([at('folder'), at('two')])
  expect(both.name).toBe(`${at('folder')} and 1 more`)
  const files = ['folder/deep/one', 'two'].map((path) => ({ path, content: bytes }))
  expect((await read(both)).rootCid).toBe((await read(folderSource('x', files))).rootCid)
})

test('a name through a link is the link’s, and two paths of one name are refused', async () => {
  write('deep', 'two')
  write('two')
  symlinkSync('two', at('called so'))
  const linked = await pathSource(at('called so'))
  expect(linked).toMatchObject({ paths: [['called so', at('two')]], wrap: { name: 'called so' } })
  await expect(pathSource([at('two'), at('deep', 'two')])).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
  await expect(pathSource([at('two'), at('nowhere')])).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
})

test.each([
  ['to what is not there', 'gone'],
  ['to itself', 'dangling'],
])('a link %s is said to be one', async (_, target) => {
  symlinkSync(target, at('dangling'))
  await expect(pathSource(at('dangling'))).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
    message: `${at('dangling')} is a link to ${target}, where nothing is`,
    hint: expect.stringContaining('link'),
  })
})

test('a folder that changes while it is sent gives an error, and none of its bytes', async () => {
  write('folder', 'one')
  const spool = fileSpool(at('spool'))
  const source = await pathSource(at('folder'))
  const draft = spool.nameOf(source)
  const { rootCid } = await spool.read(draft, source, {})
  await spool.keep(draft, rootCid)
  await using car = await spool.open(rootCid, 0)
  writeFileSync(at('folder', 'one'), 'HELLO WORLD')
  const changed = { code: 'FILE_CHANGED', message: expect.stringContaining(at('folder', 'one')) }
  await expect(car.read(0, car.size)).rejects.toMatchObject(changed)
})
