import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { memoryBlockTable, readManifest } from '@granary/content'
import { expect, test } from '@jest/globals'
import { memorySpool } from '../memory/memory-spool.ts'
import { fileSpool } from '../node/file-spool.ts'
import { readingOf } from '../reading-of.ts'
import { type ContentFile, contentSource, folderSource } from './content-source.ts'
import { contentTree } from './content-tree.ts'

const bytes = new TextEncoder().encode('hello world')
const rootOf = async (source: ReturnType<typeof contentSource>) =>
  (await readManifest(contentTree(source), memoryBlockTable(), readingOf(source, {}))).root.toString()

test('bytes, Blobs and streams are the same file, and their sizes are known where they are', async () => {
  const stream = () => new Blob([bytes]).stream()
  expect(contentSource(bytes)).toMatchObject({ name: 'content', bytes: 11 })
  expect(contentSource(new Blob([bytes]))).toMatchObject({ bytes: 11 })
  expect(contentSource(stream())).toMatchObject({ bytes: undefined })
  for (const content of [bytes, new Blob([bytes]), stream(), new Blob([bytes]).stream().values()])
    expect(await rootOf(contentSource(content))).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
})

test('what has a name keeps it, as one in a folder has it; what has none, or is not to keep it, is its bytes', async () => {
  const file = new File([bytes], 'greeting.txt')
  expect(contentSource(file)).toMatchObject({ name: 'greeting.txt', wrap: { name: 'greeting.txt', isDefault: true } })
  expect(contentSource(file, { wrap: true }).wrap).toEqual({ name: 'greeting.txt', isDefault: false })
  const folder = await rootOf(folderSource('a folder', [{ path: 'greeting.txt', content: bytes }]))
  for (const named of [contentSource(file), contentSource(bytes, { name: 'greeting.txt' })])
    expect(await rootOf(named)).toBe(folder)
  const alone = await rootOf(contentSource(bytes))
  expect(alone).not.toBe(folder)
  for (const nameless of [contentSource(file, { wrap: false }), contentSource(new File([bytes], ''))])
    expect(await rootOf(nameless)).toBe(alone)
})

test.each(['', '.', '..', 'a/b', 'a\ud83d'])('"%s" is no name to be kept', (name) => {
  expect(() => contentSource(bytes, { name })).toThrow(expect.objectContaining({ code: 'SOURCE_INVALID' }))
  expect(contentSource(bytes, { name, wrap: false })).toMatchObject({ name })
})

test.each<[string, readonly ContentFile[]]>([
  ['no path', [{ path: '', content: bytes }]],
  ['a name that leads out of it', [{ path: '../a', content: bytes }]],
  ['an empty name', [{ path: 'a//b', content: bytes }]],
  [
    'one path twice',
    [
      { path: 'a', content: bytes },
      { path: 'a', content: bytes },
    ],
  ],
  [
    'a file in a file',
    [
      { path: 'a', content: bytes },
      { path: 'a/b', content: bytes },
    ],
  ],
  [
    'a file at the place of a folder',
    [
      { path: 'a/b/c', content: bytes },
      { path: 'a/b', content: bytes },
    ],
  ],
  ['half of a character in its name', [{ path: 'a/\udca4', content: bytes }]],
  ['no bytes', [{ path: 'a', content: 'text' as never }]],
])('files of a folder with %s are refused', (_what, files) => {
  expect(() => folderSource('a folder', files)).toThrow(expect.objectContaining({ code: 'SOURCE_INVALID' }))
})

test('a profile by its name decides the CID', async () => {
  const rootBy = async (profile: 'unixfs-v1-2025' | 'unixfs-v0-2015' | undefined) => {
    const source = contentSource(bytes, { profile })
    const { root } = await readManifest(contentTree(source), memoryBlockTable(), { profile: source.profile })
    return root.toString()
  }
  expect(await rootBy(undefined)).toBe(await rootBy('unixfs-v1-2025'))
  expect(await rootBy('unixfs-v0-2015')).toBe('Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD')
})

const generated = async function* () {
  yield bytes
}
const readWhole = async (stream: ReadableStream<Uint8Array>) => {
  await new Response(stream).arrayBuffer()
  return stream
}
const releasedAfter = async (stream: ReadableStream<Uint8Array>) => {
  const reader = stream.getReader()
  while (!(await reader.read()).done);
  reader.releaseLock()
  return stream
}
const takenFrom = async <T extends AsyncIterable<unknown>>(content: T) => {
  for await (const _ of content);
  return content
}

test.each<[string, () => Promise<ConstructorParameters<typeof Response>[0] | AsyncIterable<Uint8Array>>]>([
  ['a stream that somebody has the lock of', () => readWhole(new Blob([bytes]).stream())],
  ['a stream that is at its end', () => releasedAfter(new Blob([bytes]).stream())],
  ['a generator', () => takenFrom(generated())],
  ["Node's own stream", () => takenFrom(Readable.from([bytes]))],
])('%s that was read before is refused, and not stored as an empty file', async (_what, before) => {
  await expect(rootOf(contentSource((await before()) as never))).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
})

test('what has nothing in it, and can be read again, is an empty file', async () => {
  const empty = await rootOf(contentSource(new Uint8Array()))
  expect(await rootOf(contentSource(new Blob([])))).toBe(empty)
  expect(await rootOf(contentSource(new Blob([]).stream()))).toBe(empty)
  expect(await rootOf(contentSource(Readable.from([])))).toBe(empty)
  expect(await rootOf(contentSource({ [Symbol.asyncIterator]: generated }))).toBe(await rootOf(contentSource(bytes)))
})

const silentStream = () => new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes) })
async function* silentIterable() {
  yield bytes
  await new Promise(() => undefined)
}

test.each([
  ['stream', silentStream],
  ['iterable', silentIterable],
])('a %s that gives nothing more ends with the signal, and leaves nothing', async (_kind, silent) => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-silent-'))
  for (const spool of [memorySpool(), fileSpool(folder)]) {
    const stop = new AbortController()
    const source = contentSource(silent())
    const read = spool.read(spool.nameOf(source), source, { signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 50)
    await expect(read).rejects.toThrow('enough')
  }
  expect(await readdir(folder)).toEqual([])
  await rm(folder, { recursive: true })
})
