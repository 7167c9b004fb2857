import { memoryBlockTable, readManifest } from '@granary/content'
import { expect, test } from '@jest/globals'
import { type ContentFile, contentSource, folderSource } from './content-source.ts'
import { contentTree } from './content-tree.ts'

const bytes = new TextEncoder().encode('hello world')
const rootOf = async (source: ReturnType<typeof contentSource>) =>
  (await readManifest(contentTree(source), memoryBlockTable())).root.toString()

test('bytes, Blobs and streams are the same file, and their sizes are known where they are', async () => {
  const stream = () => new Blob([bytes]).stream()
  expect(contentSource(bytes)).toMatchObject({ name: 'content', bytes: 11 })
  expect(contentSource(new Blob([bytes]))).toMatchObject({ bytes: 11 })
  expect(contentSource(stream())).toMatchObject({ bytes: undefined })
  for (const content of [bytes, new Blob([bytes]), stream(), new Blob([bytes]).stream().values()])
    expect(await rootOf(contentSource(content))).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
})

test('a file keeps its name when it is wrapped: as one in a folder has it', async () => {
  const file = new File([bytes], 'greeting.txt')
  const wrapped = contentSource(file, { wrap: true })
  expect(wrapped).toMatchObject({ name: 'greeting.txt', files: [{ path: 'greeting.txt' }] })
  const folder = folderSource('a folder', [{ path: 'greeting.txt', content: bytes }])
  expect(await rootOf(wrapped)).toBe(await rootOf(folder))
  expect(await rootOf(contentSource(bytes, { name: 'greeting.txt', wrap: true }))).toBe(await rootOf(folder))
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
