import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { all, collect, inChunks, someBytes } from '../../test/support.ts'
import { importTree, type Tree } from '../import-tree.ts'
import { linksOf } from '../links-of.ts'
import { createManifestFile, openManifestFile } from '../node/manifest-file.ts'
import { parseCar } from '../parse-car.ts'
import type { ImportProfileName } from '../profile.ts'
import { concat } from '../store.ts'
import { verifyBlock } from '../verify-block.ts'
import { walkDag } from '../walk-dag.ts'
import { writeCar } from '../write-car.ts'
import type { BlockTable, LeafPlace } from './block-table.ts'
import { memoryBlockTable } from './memory-block-table.ts'
import { type PieceCar, pieceCar } from './piece-car.ts'
import { type DagManifest, readManifest } from './read-manifest.ts'

const MIB = 1024 * 1024
const chunk = someBytes(MIB, 9)
const files: Readonly<Record<string, Uint8Array>> = {
  'a file': someBytes(3 * MIB + 5, 1),
  empty: new Uint8Array(),
  again: concat([chunk, someBytes(MIB, 2), chunk, chunk, someBytes(3)]),
  small: someBytes(100, 3),
}
const contents = Object.values(files)

const tree: Tree = {
  kind: 'folder',
  entries: () => [
    ...Object.entries(files).map(([name, bytes]) => [name, { kind: 'file', content: () => inChunks(bytes) }] as const),
    ['deep', { kind: 'folder', entries: () => [['link', { kind: 'link', target: '../small' }]] }],
  ],
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-manifest-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Read {
  readonly manifest: DagManifest
  readonly cars: readonly PieceCar[]
}

type Reading = (
  tree: Tree,
  pieceSizeMax: number | undefined,
  bytes: readonly Uint8Array[],
  profile?: ImportProfileName,
) => Promise<Read>

function carsOf(manifest: DagManifest, table: BlockTable, bytes: readonly Uint8Array[]): Read {
  const { root, cuts } = manifest
  const readLeaf = async ({ file, offset, length }: LeafPlace, memory: Uint8Array) => {
    const there = bytes[file]!.subarray(offset, offset + length)
    memory.set(there)
    return memory.subarray(0, there.length)
  }
  return {
    manifest,
    cars: cuts.map((cut) => pieceCar({ root, table, cut, nameOf: (file) => `file ${file}`, readLeaf })),
  }
}

const inMemory: Reading = async (tree, pieceSizeMax, bytes, profile) => {
  const table = memoryBlockTable()
  return carsOf(await readManifest(tree, table, { pieceSizeMax, profile }), table, bytes)
}

/** Written, closed and opened again. */
const onDisk: Reading = async (tree, pieceSizeMax, bytes, profile) => {
  const path = join(folder, `manifest-${pieceSizeMax}`)
  const draft = createManifestFile(path)
  const manifest = await readManifest(tree, draft.table, { pieceSizeMax, profile })
  draft.save(manifest)
  draft[Symbol.dispose]()
  const file = openManifestFile(path)
  const kept = { ...manifest, root: file.root, cuts: manifest.cuts.map((_, piece) => file.cut(piece)!) }
  expect(kept).toEqual(manifest)
  return carsOf(kept, file.table, bytes)
}

async function blocksOf(car: PieceCar) {
  const { roots, blocks } = await parseCar(inChunks(await car.read(0, car.size)))
  return { roots, blocks: await all(blocks) }
}

describe.each([
  ['in memory', inMemory],
  ['on the disk', onDisk],
])('a manifest %s', (_name, reading) => {
  test.each<ImportProfileName>(['unixfs-v1-2025', 'unixfs-v0-2015', 'kubo-cid-v1'])(
    'in one piece it is the CAR of the DAG: %s',
    async (profile) => {
      const store = new MemoryBlockstore()
      const root = await importTree(tree, store, { profile })
      const { manifest, cars } = await reading(tree, undefined, contents, profile)
      expect(manifest.root.toString()).toBe(root.toString())
      expect(manifest.fileBytes).toBe(contents.reduce((sum, bytes) => sum + bytes.length, 0))
      expect(cars).toHaveLength(1)
      const car = await collect(writeCar(root, store))
      expect(Buffer.compare(await cars[0]!.read(0, cars[0]!.size), car)).toBe(0)
    },
  )

  test('in several, each block of the DAG stands in one of them, in order, behind the nodes on the way to it', async () => {
    const store = new MemoryBlockstore()
    const root = await importTree(tree, store)
    const expected = (await all(walkDag(root, store))).map(({ cid }) => cid.toString())
    const { manifest, cars } = await reading(tree, 2 * MIB, contents)
    expect(manifest.cuts.map(({ pieceSize }) => pieceSize)).toContain(2 * MIB)
    expect(cars.length).toBeGreaterThan(4)

    const given: string[] = []
    for (const [piece, car] of cars.entries()) {
      const { roots, blocks } = await blocksOf(car)
      expect(roots.map(String)).toEqual([root.toString()])
      for (const { cid, bytes } of blocks) await verifyBlock(cid, bytes)
      const { first, end } = manifest.cuts[piece]!
      const lead = blocks.slice(0, blocks.length - (end - first))
      given.push(...blocks.slice(lead.length).map(({ cid }) => cid.toString()))
      // Each block is linked from the one before it, from the root on to the first that is new.
      const way = [...lead, blocks[lead.length]!]
      expect(way[0]!.cid.toString()).toBe(root.toString())
      for (const [at, { cid }] of way.entries()) {
        const above = way[at - 1]
        if (above) expect((await linksOf(above.cid, above.bytes)).map(String)).toContain(cid.toString())
      }
    }
    expect(given).toEqual(expected)
  })

  test('any range of a piece is that of the whole', async () => {
    const { cars } = await reading(tree, 2 * MIB, contents)
    for (const car of cars) {
      const whole = await car.read(0, car.size)
      const places = [0, 1, 58, 59, 60, 100, 150, car.size >> 1, car.size - 3, car.size].filter((at) => at <= car.size)
      for (const start of places)
        for (const end of places.filter((at) => at >= start))
          expect(Buffer.compare(await car.read(start, end), whole.subarray(start, end))).toBe(0)
      await expect(car.read(0, car.size + 1)).rejects.toThrow(RangeError)
    }
  })

  test.each([
    ['a byte of a chunk', (bytes: Uint8Array) => bytes.fill(bytes[7]! ^ 1, 7, 8)],
    ['its end, which is gone', (bytes: Uint8Array) => bytes.subarray(0, -1)],
  ])('a file that has changed in %s is never given out', async (_what, change) => {
    const { cars } = await reading(tree, 16 * MIB, [change(contents[0]!.slice()), ...contents.slice(1)])
    const reread = cars[0]!.read(0, cars[0]!.size)
    await expect(reread).rejects.toMatchObject({ code: 'FILE_CHANGED', message: expect.stringContaining('file 0') })
  })
})

test('of a file that is one block, that is the root', async () => {
  const { manifest, cars } = await inMemory({ kind: 'file', content: () => inChunks(chunk) }, 2 * MIB, [chunk])
  expect(manifest).toMatchObject({ blocks: 1, fileBytes: MIB })
  const { blocks } = await blocksOf(cars[0]!)
  expect(blocks.map(({ cid }) => cid.toString())).toEqual([manifest.root.toString()])
})

test('what is the same a thousand times is stored once', async () => {
  const zeros = new Uint8Array(MIB)
  async function* content() {
    for (let at = 0; at < 1_000; at += 1) yield zeros
  }
  const { manifest } = await inMemory({ kind: 'file', content }, 8 * MIB, [])
  expect(manifest).toMatchObject({ fileBytes: 1_000 * MIB, blocks: 2 })
  expect(manifest.cuts).toHaveLength(1)
})
