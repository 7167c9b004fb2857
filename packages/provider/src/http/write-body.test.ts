import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { writeBody } from './write-body.ts'

let folder: string
let path: string
const keepAll = { onBytes: () => undefined, signal: new AbortController().signal }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-body-'))
  path = join(folder, 'file')
  await writeFile(path, 'before')
})
afterEach(() => rm(folder, { recursive: true }))

const fileFrom = (start: number) => createWriteStream(path, { flags: 'r+', start, highWaterMark: 4 })
const written = async () => String(await readFile(path))
const own = (text: string): Buffer => Buffer.from(new TextEncoder().encode(text).slice().buffer)

test('the memory of bytes is let go of once they are written, unless it has others in it', async () => {
  const body = new PassThrough()
  const chunks = [own('a'), own('bcdefgh'), own('_i_').subarray(1, 2), own('j')]
  for (const chunk of chunks) body.write(chunk)
  body.end()
  await writeBody(body, fileFrom(6), keepAll)
  expect(await written()).toBe('beforeabcdefghij')
  expect(chunks.map(({ buffer }) => (buffer as ArrayBuffer).detached)).toEqual([true, true, false, true])
})

test('what came before the body broke off is written', async () => {
  const body = new PassThrough()
  const onBytes = () => void setImmediate(() => body.destroy(new Error('the line broke')))
  body.write(own('ab'))
  await expect(writeBody(body, fileFrom(6), { ...keepAll, onBytes })).rejects.toThrow('the line broke')
  expect(await written()).toBe('beforeab')
})

test('a body that broke off before is not waited for', async () => {
  const body = new PassThrough()
  body.destroy()
  await expect(writeBody(body, fileFrom(6), keepAll)).rejects.toThrow('Premature close')
})

test('bytes that are refused are not written, and those after them neither kept nor waited for', async () => {
  const body = new PassThrough()
  const chunks = ['ab', 'no', 'cd'].map(own)
  for (const chunk of chunks) body.write(chunk)
  const onBytes = (bytes: Uint8Array) => {
    if (String(bytes) === String(own('no'))) throw new Error('no room')
  }
  await expect(writeBody(body, fileFrom(6), { ...keepAll, onBytes })).rejects.toThrow('no room')
  expect(await written()).toBe('beforeab')
  body.end()
  await new Promise((resolve) => body.on('end', resolve))
})

test('told to, it ends with what has come, though the body goes on', async () => {
  const body = new PassThrough()
  const given = new AbortController()
  body.write(own('ab'))
  await writeBody(body, fileFrom(6), { onBytes: () => given.abort(), signal: given.signal })
  expect([await written(), body.destroyed]).toEqual(['beforeab', false])
})

test('a file that cannot be written is said', async () => {
  const body = new PassThrough()
  body.write(own('ab'))
  const file = createWriteStream(join(folder, 'none', 'file'), { flags: 'r+' })
  await expect(writeBody(body, file, keepAll)).rejects.toThrow('ENOENT')
})
