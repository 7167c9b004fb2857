import * as dagPb from '@ipld/dag-pb'
import { expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'
import { all, inChunks, someBytes } from '../test/support.ts'
import { importTree, treeOfFiles } from './import-tree.ts'
import { importProfiles } from './profile.ts'

const { chunkBytes, linksPerNodeMax, shardFanoutBits, shardThresholdBytes } = importProfiles['unixfs-v1-2025']

type Files = Readonly<Record<string, Uint8Array>>

interface Imported {
  readonly root: string
  /** CIDs of all blocks. */
  readonly blocks: readonly string[]
}

async function blocksOf(store: MemoryBlockstore): Promise<string[]> {
  return (await all(store.getAll())).map(({ cid }) => cid.toString()).sort()
}

const atPaths = (files: Files) =>
  Object.entries(files).map(([path, bytes]) => ({ path, content: () => inChunks(bytes) }))

async function ours(files: Files): Promise<Imported> {
  const store = new MemoryBlockstore()
  const root = (await importTree(treeOfFiles(atPaths(files)), store)).toString()
  return { root, blocks: await blocksOf(store) }
}

/** What IPFS's own importer makes of it, with each choice of the profile spelled out. */
async function theirs(files: Files): Promise<Imported> {
  const store = new MemoryBlockstore()
  async function* candidates() {
    for (const [path, bytes] of Object.entries(files)) yield { path, content: inChunks(bytes) }
  }
  const made = await all(
    importer(candidates(), store, {
      cidVersion: 1,
      rawLeaves: true,
      reduceSingleLeafToSelf: true,
      chunker: fixedSize({ chunkSize: chunkBytes }),
      layout: balanced({ maxChildrenPerNode: linksPerNodeMax }),
      wrapWithDirectory: true,
      shardSplitStrategy: 'block-bytes',
      shardSplitThresholdBytes: shardThresholdBytes,
      shardFanoutBits,
    }),
  )
  return { root: made.at(-1)!.cid.toString(), blocks: await blocksOf(store) }
}

test('a folder has the blocks that the importer of IPFS makes of it', async () => {
  const name = fc.stringMatching(/^[a-zA-Zä-ü0-9._-]{1,40}$/).filter((text) => !/^\.+$/.test(text))
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
  const files = fc
    .dictionary(path, fc.uint8Array({ maxLength: 200 }), { maxKeys: 12, noNullPrototype: true })
    // No file stands where a folder does.
    .filter((tree) => Object.keys(tree).every((one) => !Object.keys(tree).some((other) => other.startsWith(`${one}/`))))
    .filter((tree) => Object.keys(tree).length > 0)
  await fc.assert(
    fc.asyncProperty(files, async (tree) => expect(await ours(tree)).toEqual(await theirs(tree))),
    { numRuns: 50 },
  )
})

test('a file of several chunks in a folder has its size in the link', async () => {
  const files = { 'deep/large': someBytes(2 * chunkBytes + 5), small: someBytes(3, 2) }
  expect(await ours(files)).toEqual(await theirs(files))
})

/** Files whose names fill the folder's block, as a single one, to that many bytes. */
function filesFor(blockBytes: number): Files {
  const names = ['y'.repeat(100)]
  // The four bytes say that it is a directory.
  let missing = blockBytes - 4 - linkBytes(names[0]!)
  for (const each = linkBytes('x'.repeat(200)); missing > 2 * each; missing -= each)
    names.push(`${names.length}`.padEnd(200, 'x'))
  const last = Array.from({ length: missing }, (_, at) => 'z'.repeat(at + 1)).find(
    (text) => linkBytes(text) === missing,
  )
  if (last === undefined) throw new Error(`no name takes ${missing} bytes`)
  return Object.fromEntries([...names, last].map((text) => [text, Uint8Array.of(1)]))
}

const leaf = CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')

function linkBytes(name: string): number {
  return dagPb.encode({ Links: [{ Name: name, Tsize: 1, Hash: leaf }] }).length
}

test.each([
  ['exactly what a block takes is one block', shardThresholdBytes, 1],
  ['one byte more is sharded', shardThresholdBytes + 1, 2],
])('%s', async (_name, bytes, blocksMin) => {
  const files = filesFor(bytes)
  const made = await ours(files)
  expect(made).toEqual(await theirs(files))
  // All files are one byte, and the same one.
  const folderBlocks = made.blocks.length - 1
  expect(folderBlocks).toBeGreaterThanOrEqual(blocksMin)
  if (blocksMin === 1) expect(folderBlocks).toBe(1)
})

test('a shard that several names share has shards below it, as the importer of IPFS makes them', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, at) => [`${at}`.padEnd(100, '.x'), Uint8Array.of(at, at >> 8)]),
  )
  expect(await ours(files)).toEqual(await theirs(files))
})

test('folders inside of a folder count when its block is measured', async () => {
  // The importer of IPFS forgets them, and makes a block of 300 KiB that the profile does not allow.
  const files = Object.fromEntries(
    Array.from({ length: 1_200 }, (_, at) => [`${`${at}`.padEnd(200, 'x')}/file`, Uint8Array.of(1)]),
  )
  const made = await ours(files)
  // The file, the folder that holds it and all others like it, and more than one block of the large one.
  expect(made.blocks.length).toBeGreaterThan(3)
})

test('two names with one hash are refused where a shard would have to hold both', async () => {
  // Murmur is no cryptographic hash: each step can be undone, so a name is found that ends where another does.
  const same = ['a large folder, one of its files', "0rSEJRg4QQ2rdXJR%A|3z>~'YI8#+eB="]
  const few = Object.fromEntries(same.map((name) => [name, Uint8Array.of(1)]))
  expect((await ours(few)).blocks).toHaveLength(2)
  const many = Array.from({ length: 1_200 }, (_, at) => [`${at}`.padEnd(200, 'x'), Uint8Array.of(1)] as const)
  await expect(ours({ ...Object.fromEntries(many), ...few })).rejects.toMatchObject({
    code: 'NAMES_COLLIDE',
    message: expect.stringContaining(same[0]!),
  })
})
