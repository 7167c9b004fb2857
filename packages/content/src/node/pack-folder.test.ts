import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { all, collect, inChunks, someBytes } from '../../test/support.ts'
import { importFile } from '../import-file.ts'
import { readFile as readContent } from '../read-file.ts'
import { resolvePath } from '../resolve-path.ts'
import { verifyCar } from '../verify-car.ts'
import { openCarStore } from './open-car-store.ts'
import { packFolder } from './pack-folder.ts'
import { createSourceStore } from './source-store.ts'

const MIB = 1024 * 1024
let temporary: string
let folder: string
let carPath: string
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'granary-folder-'))
  folder = join(temporary, 'folder')
  carPath = join(temporary, 'folder.car')
  await mkdir(folder)
})
afterEach(() => rm(temporary, { recursive: true, force: true }))

async function write(files: Readonly<Record<string, Uint8Array>>, below = folder): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(below, name)), { recursive: true })
    await writeFile(join(below, name), bytes)
  }
}

interface Linked {
  readonly cid: CID
  readonly size: number
}

/** A folder's block as the UnixFS specification says: links by name, each with the size of what is below it. */
async function folderOf(children: Readonly<Record<string, Linked>>): Promise<Linked> {
  const Links = Object.entries(children).map(([Name, { cid, size }]) => ({ Name, Hash: cid, Tsize: size }))
  const bytes = dagPb.encode(dagPb.prepare({ Data: Uint8Array.of(0x08, 0x01), Links }))
  const size = bytes.length + Links.reduce((sum, { Tsize }) => sum + Tsize, 0)
  return { cid: CID.createV1(dagPb.code, await sha256.digest(bytes)), size }
}

async function leafOf(bytes: Uint8Array): Promise<Linked> {
  const store = createSourceStore(() => Promise.reject(new Error('not read')))
  return { cid: await importFile(inChunks(bytes), store), size: bytes.length }
}

test('a folder has the CID of the specification, and each of its files comes out of the CAR', async () => {
  const files = {
    'b.txt': someBytes(70_000, 1),
    '.hidden': someBytes(10, 2),
    'deep/er/one': someBytes(MIB, 3),
    'deep/same': someBytes(MIB, 3),
    large: someBytes(2 * MIB + 5, 4),
  }
  await write(files)
  await mkdir(join(folder, 'empty'))
  const packed = await packFolder(folder, carPath)
  expect(packed.fileBytes).toBe(Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0))
  expect(packed.payloadSize).toBe((await readFile(carPath)).length)

  const index = await all(verifyCar(createReadStream(carPath), { root: packed.rootCid }))
  expect(index).toHaveLength(packed.blocks)
  const store = await openCarStore(carPath, index)
  const root = CID.parse(packed.rootCid)
  for (const [name, bytes] of Object.entries(files)) {
    const { cid } = await resolvePath(root, name.split('/'), store)
    expect(Buffer.compare(await collect(readContent(cid, store)), bytes)).toBe(0)
  }
  const large = (await resolvePath(root, ['large'], store)).cid
  const largeBytes = await collect(store.get(large))
  await store.close()
  const expected = await folderOf({
    '.hidden': await leafOf(files['.hidden']),
    'b.txt': await leafOf(files['b.txt']),
    deep: await folderOf({
      er: await folderOf({ one: await leafOf(files['deep/er/one']) }),
      same: await leafOf(files['deep/same']),
    }),
    empty: await folderOf({}),
    large: { cid: large, size: largeBytes.length + files.large.length },
  })
  expect(packed.rootCid).toBe(expected.cid.toString())
})

test('the order in which files came to be does not show, and nothing of the path does', async () => {
  const files = { a: someBytes(5, 1), 'c/d': someBytes(6, 2), b: someBytes(7, 3) }
  const other = join(temporary, 'other')
  await write(files)
  await write(Object.fromEntries(Object.entries(files).reverse()), other)
  const otherCar = join(temporary, 'other.car')
  expect(await packFolder(folder, carPath)).toEqual(await packFolder(other, otherCar))
  expect((await readFile(carPath)).equals(await readFile(otherCar))).toBe(true)
})

test('an empty folder is the one that IPFS knows', async () => {
  expect((await packFolder(folder, carPath)).rootCid).toBe(
    'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354',
  )
})

test('a folder with more names than a block takes is sharded, and each is found', async () => {
  const names = Array.from({ length: 1200 }, (_, i) => `${i} ${'long '.repeat(40)}x`)
  await write(Object.fromEntries(names.map((name, i) => [name, Uint8Array.of(i, i >> 8)])))
  const { rootCid, blocks } = await packFolder(folder, carPath)
  // The files and more than one block of the folder.
  expect(blocks).toBeGreaterThan(names.length + 1)
  const store = await openCarStore(carPath, await all(verifyCar(createReadStream(carPath), { root: rootCid })))
  for (const i of [0, 777, 1199]) {
    const { cid } = await resolvePath(CID.parse(rootCid), [names[i]!], store)
    expect([...(await collect(readContent(cid, store)))]).toEqual([i & 0xff, i >> 8])
  }
  await store.close()
})

test('what cannot be kept is refused by its path, and nothing is left behind', async () => {
  const unreadable = { code: 'FILE_UNREADABLE' }
  await expect(packFolder(join(temporary, 'nowhere'), carPath)).rejects.toMatchObject(unreadable)
  await symlink('/etc/hostname', join(folder, 'link'))
  await expect(packFolder(folder, carPath)).rejects.toMatchObject({
    ...unreadable,
    details: { path: `${folder}/link` },
  })
  await rm(join(folder, 'link'))
  for (const name of ['back\\slash', ' space']) {
    await write({ [name]: someBytes(3) })
    await expect(packFolder(folder, carPath)).rejects.toMatchObject(unreadable)
    await rm(join(folder, name))
  }
  await expect(packFolder(folder, join(folder, 'own.car'))).rejects.toMatchObject({ code: 'CAR_IN_FOLDER' })
  expect(await readdir(temporary)).toEqual(['folder'])
})

test('a file that changes between the passes is refused', async () => {
  const path = join(folder, 'file')
  for (const bytes of [someBytes(100, 2), someBytes(101, 1)]) {
    await writeFile(path, someBytes(100, 1))
    let changed: Promise<void> | undefined
    const onProgress = ({ type }: { type: string }) => {
      if (type === 'pack:car') changed ??= writeFile(path, bytes)
    }
    await expect(packFolder(folder, carPath, { onProgress })).rejects.toMatchObject({ code: 'FILE_CHANGED' })
    await changed
  }
  const signal = AbortSignal.abort()
  await expect(packFolder(folder, carPath, { signal })).rejects.toMatchObject({ name: 'AbortError' })
  expect(await readdir(temporary)).toEqual(['folder'])
})
