import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { contentSource } from '../sources/content-source.ts'
import { type Staged, stage } from '../upload/stage.ts'
import { fileLock } from './file-lock.ts'
import { inspectFile, type UserFile } from './file-source.ts'
import { fileSpool } from './file-spool.ts'
import { pathSource } from './path-source.ts'

let folder: string
let staging: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-stage-'))
  staging = join(folder, 'staging')
})
afterEach(() => rmSync(folder, { recursive: true }))

function fileOf(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function stageFile(file: UserFile, into: string): Promise<Staged> {
  return await stage({ spool: fileSpool(into), lock: fileLock(into) }, await pathSource(file.path, { wrap: false }), {})
}

const manifests = () => readdirSync(staging).filter((name) => name.includes('.manifest'))

test('a file has a manifest under its root CID, an empty one too', async () => {
  const file = await inspectFile(fileOf('empty', ''))
  await using staged = await stageFile(file, staging)
  expect(staged.fileBytes).toBe(0)
  expect(staged.rootCid).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  expect(staged.pieces).toEqual([{ payloadSize: 96, pieceSize: 128 }])
  expect(manifests()).toEqual([`${staged.rootCid}.manifest`])
})

test('of a stream nothing stays on the disk when its put has ended, whatever came of it', async () => {
  const content = async function* () {
    yield new TextEncoder().encode('a stream')
  }
  const source = contentSource(content(), { name: 'stream' })
  {
    await using staged = await stage({ spool: fileSpool(staging), lock: fileLock(staging) }, source, {})
    expect(readdirSync(staging)).toContain(`${staged.rootCid}.bytes`)
  }
  expect(readdirSync(staging)).toEqual([])
})

test('what a kill in the middle of reading has left is cleared away', async () => {
  const file = await inspectFile(fileOf('a', 'content'))
  const draft = fileSpool(staging).nameOf(await pathSource(file.path, { wrap: false }))
  mkdirSync(staging)
  writeFileSync(join(staging, `${draft}.manifest`), 'half')
  writeFileSync(join(staging, `${draft}.lock`), '')
  await using again = await stageFile(file, staging)
  expect(manifests()).toEqual([`${again.rootCid}.manifest`])
})

test('the same content is put once at a time, from whatever path', async () => {
  const one = await inspectFile(fileOf('one', 'same'))
  const two = await inspectFile(fileOf('two', 'same'))
  const other = await inspectFile(fileOf('three', 'other'))
  {
    await using _staged = await stageFile(one, staging)
    await expect(stageFile(one, staging)).rejects.toMatchObject({ code: 'PUT_RUNNING', retryable: true })
    await expect(stageFile(two, staging)).rejects.toMatchObject({ code: 'PUT_RUNNING' })
    await using _other = await stageFile(other, staging)
  }
  await using staged = await stageFile(two, staging)
  expect(staged.fileBytes).toBe(4)
})

test('under another name the same bytes are another content, and are put beside it', async () => {
  const ports = { spool: fileSpool(staging), lock: fileLock(staging) }
  await using one = await stage(ports, await pathSource(fileOf('one', 'same')), {})
  await using two = await stage(ports, await pathSource(fileOf('two', 'same')), {})
  expect([one.name, two.name]).toEqual(['one', 'two'])
  expect(two.rootCid).not.toBe(one.rootCid)
})

test('a path through a link is the file that it leads to', async () => {
  const path = fileOf('target', 'x')
  symlinkSync(path, join(folder, 'link'))
  expect((await inspectFile(join(folder, 'link'))).path).toBe((await inspectFile(path)).path)
})

test.each([
  ['FILE_NOT_FOUND', 'nowhere'],
  ['FILE_NOT_FOUND', 'file/in/a/file'],
  ['FILE_IS_FOLDER', 'folder'],
])('%s: %s', async (code, name) => {
  mkdirSync(join(folder, 'folder'))
  fileOf('file', '')
  const failure = await inspectFile(join(folder, name)).catch((error) => error)
  expect(failure).toMatchObject({ code, retryable: false })
  expect(failure.message).toContain(join(folder, name))
})
