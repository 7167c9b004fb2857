import { execFileSync } from 'node:child_process'
import { createReadStream, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { all, collect, inChunks, someBytes } from '../../test/support.ts'
import { importFile } from '../import-file.ts'
import { listDirectory } from '../list-directory.ts'
import { readFile as readContent } from '../read-file.ts'
import { resolvePath } from '../resolve-path.ts'
import { unixFsNode } from '../unixfs-node.ts'
import { verifyCar } from '../verify-car.ts'
import { openCarStore } from './open-car-store.ts'
import { packPath } from './pack-path.ts'

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
  return { cid: await importFile(inChunks(bytes), { put: (cid) => cid }), size: bytes.length }
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
  const packed = await packPath(folder, carPath, { hidden: true })
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
  expect(await packPath(folder, carPath)).toEqual(await packPath(other, otherCar))
  expect((await readFile(carPath)).equals(await readFile(otherCar))).toBe(true)
})

test('an empty folder is the one that IPFS knows', async () => {
  expect((await packPath(folder, carPath)).rootCid).toBe('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
})

test('a folder with more names than a block takes is sharded, and each is found', async () => {
  const names = Array.from({ length: 1200 }, (_, i) => `${i} ${'long '.repeat(40)}x`)
  await write(Object.fromEntries(names.map((name, i) => [name, Uint8Array.of(i, i >> 8)])))
  const { rootCid, blocks } = await packPath(folder, carPath)
  // The files and more than one block of the folder.
  expect(blocks).toBeGreaterThan(names.length + 1)
  const store = await openCarStore(carPath, await all(verifyCar(createReadStream(carPath), { root: rootCid })))
  for (const i of [0, 777, 1199]) {
    const { cid } = await resolvePath(CID.parse(rootCid), [names[i]!], store)
    expect([...(await collect(readContent(cid, store)))]).toEqual([i & 0xff, i >> 8])
  }
  await store.close()
})

test('any name that a folder of the disk can have is kept: backslashes, spaces at the ends, line breaks', async () => {
  const names = ['back\\slash', ' space ', 'line\nbreak', '..dots', 'ä', '-']
  await write(Object.fromEntries(names.map((name, at) => [name, Uint8Array.of(at)])))
  const { rootCid } = await packPath(folder, carPath)
  const store = await openCarStore(carPath, await all(verifyCar(createReadStream(carPath))))
  const listed = await all(listDirectory(CID.parse(rootCid), store))
  await store.close()
  expect(listed.map(({ name }) => name).sort()).toEqual(names.filter((name) => name !== '..dots').sort())
})

test('hidden files and folders are left out unless they are asked for, and a path that is given is taken', async () => {
  await write({ '.hidden': someBytes(1), '.folder/file': someBytes(2), seen: someBytes(3) })
  expect(await packPath(folder, carPath)).toMatchObject({ fileBytes: 3 })
  expect(await packPath(folder, carPath, { hidden: true })).toMatchObject({ fileBytes: 6 })
  expect(await packPath(join(folder, '.folder'), carPath)).toMatchObject({ fileBytes: 2 })
})

test('a symbolic link is kept as one, also one that leads nowhere, or what it leads to is', async () => {
  await write({ file: someBytes(5), 'deep/one': someBytes(6) })
  await symlink('file', join(folder, 'to-file'))
  await symlink('deep', join(folder, 'to-folder'))
  const { rootCid } = await packPath(folder, carPath, { links: 'follow' })
  const twice = join(temporary, 'twice')
  await write(
    { file: someBytes(5), 'to-file': someBytes(5), 'deep/one': someBytes(6), 'to-folder/one': someBytes(6) },
    twice,
  )
  expect((await packPath(twice, carPath)).rootCid).toBe(rootCid)

  await symlink('/no where', join(folder, 'broken'))
  const kept = await packPath(folder, carPath)
  const store = await openCarStore(carPath, await all(verifyCar(createReadStream(carPath))))
  const { cid } = await resolvePath(CID.parse(kept.rootCid), ['broken'], store)
  const node = unixFsNode(cid, await collect(store.get(cid)))
  await store.close()
  expect(node).toEqual({ kind: 'symlink', target: new Uint8Array(Buffer.from('/no where')) })
  expect(kept.fileBytes).toBe(11)
  await expect(packPath(folder, carPath, { links: 'follow' })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
})

test('a link back into a folder that it is in is kept, and cannot be followed', async () => {
  await write({ 'deep/one': someBytes(6) })
  await symlink('..', join(folder, 'deep', 'up'))
  expect(await packPath(folder, carPath)).toMatchObject({ fileBytes: 6 })
  const refused = { code: 'FILE_UNREADABLE', message: expect.stringContaining('leads back') }
  await expect(packPath(folder, carPath, { links: 'follow' })).rejects.toMatchObject(refused)
})

test('what cannot be kept is refused by its path, and nothing is left behind', async () => {
  const unreadable = { code: 'FILE_UNREADABLE' }
  await expect(packPath(join(temporary, 'nowhere'), carPath)).rejects.toMatchObject(unreadable)
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  await expect(packPath(folder, carPath)).rejects.toMatchObject({ ...unreadable, details: { path: pipe } })
  await rm(pipe)
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff)]), 'not UTF-8')
  await expect(packPath(folder, carPath)).rejects.toMatchObject(unreadable)
  await expect(packPath(folder, join(folder, 'own.car'))).rejects.toMatchObject({ code: 'CAR_IN_FOLDER' })
  expect(await readdir(temporary)).toEqual(['folder'])
})

test('a file that changes between the passes is refused', async () => {
  const path = join(folder, 'file')
  for (const bytes of [someBytes(100, 2), someBytes(101, 1)]) {
    await writeFile(path, someBytes(100, 1))
    const onProgress = ({ type }: { type: string }) => {
      if (type === 'pack:car') writeFileSync(path, bytes)
    }
    await expect(packPath(folder, carPath, { onProgress })).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  }
  const signal = AbortSignal.abort()
  await expect(packPath(folder, carPath, { signal })).rejects.toMatchObject({ name: 'AbortError' })
  expect(await readdir(temporary)).toEqual(['folder'])
})
