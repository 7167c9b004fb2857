import { execFileSync } from 'node:child_process'
import { appendFileSync, createReadStream, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { all, collect, inChunks, someBytes } from '../../test/support.ts'
import { importFile } from '../import-file.ts'
import { pieceOf } from '../piece-of.ts'
import { readFile as readContent } from '../read-file.ts'
import { concat } from '../store.ts'
import { type CarEntry, verifyCar } from '../verify-car.ts'
import { writeCar } from '../write-car.ts'
import { openCarStore } from './open-car-store.ts'
import { packPath } from './pack-path.ts'
import { saveFile } from './save-file.ts'

const MIB = 1024 * 1024
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-content-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function saveVerified(carPath: string, index: readonly CarEntry[], out: string): Promise<number> {
  const store = await openCarStore(carPath, index)
  try {
    return await saveFile(out, readContent(index[0]!.cid, store))
  } finally {
    await store.close()
  }
}

const chunk = someBytes(MIB, 9)
test.each([
  ['no byte', new Uint8Array()],
  ['some bytes', someBytes(70_000)],
  ['several chunks, one of them four times', concat([chunk, someBytes(MIB, 2), chunk, chunk, chunk, someBytes(3)])],
])('a file of %s is packed to the same CAR and piece as in memory, and saved back', async (_, bytes) => {
  const path = join(folder, 'file')
  const carPath = join(folder, 'file.car')
  await writeFile(path, bytes)
  const packed = await packPath(path, carPath)

  const store = new MemoryBlockstore()
  const root = await importFile(inChunks(bytes), store)
  const car = await collect(writeCar(root, store))
  expect(Buffer.compare(await readFile(carPath), car)).toBe(0)
  const index = await all(verifyCar(createReadStream(carPath), { root: packed.rootCid }))
  expect(packed).toEqual({
    rootCid: root.toString(),
    ...(await pieceOf(inChunks(car))),
    blocks: index.length,
    fileBytes: bytes.length,
  })

  const carStore = await openCarStore(carPath, index)
  expect(Buffer.compare(await collect(readContent(root, carStore)), bytes)).toBe(0)
  await carStore.close()

  const out = join(folder, 'out')
  expect(await saveVerified(carPath, index, out)).toBe(bytes.length)
  expect(Buffer.compare(await readFile(out), bytes)).toBe(0)
  expect((await readdir(folder)).sort()).toEqual(['file', 'file.car', 'out'])
})

test('a file that grows or changes between the passes is refused and leaves nothing behind', async () => {
  const path = join(folder, 'file')
  for (const change of [() => appendFileSync(path, 'more'), () => writeFileSync(path, someBytes(3 * MIB, 8))]) {
    await writeFile(path, someBytes(3 * MIB))
    let isChanged = false
    const packed = packPath(path, join(folder, 'file.car'), {
      onProgress: ({ type }) => {
        if (type !== 'pack:car' || isChanged) return
        isChanged = true
        change()
      },
    })
    await expect(packed).rejects.toMatchObject({ code: 'FILE_CHANGED' })
    expect(await readdir(folder)).toEqual(['file'])
  }
})

test('a missing file, a folder, a pipe and an abort are told apart', async () => {
  const car = join(folder, 'file.car')
  await expect(packPath(join(folder, 'none'), car)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  await expect(packPath(folder, car)).rejects.toMatchObject({ code: 'CAR_IN_FOLDER' })
  await writeFile(join(folder, 'file'), someBytes(100))
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  await expect(packPath(pipe, car)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  await rm(pipe)
  const signal = AbortSignal.abort()
  await expect(packPath(join(folder, 'file'), car, { signal })).rejects.toMatchObject({ name: 'AbortError' })
  expect(await readdir(folder)).toEqual(['file'])
})

test('a broken CAR leaves no file, and a store over a broken CAR gives no block', async () => {
  const path = join(folder, 'file')
  const carPath = join(folder, 'file.car')
  await writeFile(path, someBytes(2 * MIB))
  await packPath(path, carPath)
  const index = await all(verifyCar(createReadStream(carPath)))
  const bytes = await readFile(carPath)
  bytes[bytes.length - 1]! ^= 1
  await writeFile(carPath, bytes)
  const saved = saveVerified(carPath, index, join(folder, 'out'))
  await expect(saved).rejects.toMatchObject({ code: 'BLOCK_HASH_MISMATCH' })
  expect((await readdir(folder)).sort()).toEqual(['file', 'file.car'])

  const store = await openCarStore(carPath, index)
  await expect(collect(store.get(index[2]!.cid))).rejects.toMatchObject({ code: 'BLOCK_HASH_MISMATCH' })
  const other = CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  await expect(collect(store.get(other))).rejects.toMatchObject({ code: 'BLOCK_MISSING' })
  await store.close()
})
