/** How often a block is read for an answer: each reading is its hash, too. */
import { type BlockReader, importFile, readBlock } from '@granary/content'
import { BlockMissingError } from '@granary/content/node'
import { expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { createDagReader } from './dag-reader.ts'
import type { PieceBlocks } from './piece-blocks.ts'

/** Without pieces: nothing here asks for their ranges. */
function counted(store: MemoryBlockstore): { readonly blocks: PieceBlocks; readonly reads: () => number } {
  let leaves = 0
  const get: BlockReader['get'] = (cid, options) => {
    if (cid.code === raw.code) leaves += 1
    if (!store.has(cid)) throw new BlockMissingError(cid, 'any piece of this provider')
    return store.get(cid, options)
  }
  const none = (): never => {
    throw new Error('no piece is asked for')
  }
  return {
    blocks: { get, has: (cid) => store.has(cid) as boolean, pieceRange: none, requirePiece: none },
    reads: () => leaves,
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

const LEAF_BYTES = 1 << 20

async function twoLeaves(store: MemoryBlockstore): Promise<CID> {
  return await importFile(bytesOf('text '.repeat((LEAF_BYTES * 2) / 5)), store)
}

test('the type of a file is found out once, by its first leaf', async () => {
  const store = new MemoryBlockstore()
  const root = (await twoLeaves(store)).toString()
  const { blocks, reads } = counted(store)
  const reader = createDagReader(blocks)
  for (let asked = 0; asked < 3; asked += 1)
    expect(await reader.entity(root, true)).toMatchObject({ kind: 'file', mediaType: 'text/plain; charset=utf-8' })
  expect(reads()).toBe(1)
})

test('of a file whose first leaf is away it is found out when that is back', async () => {
  const whole = new MemoryBlockstore()
  const store = new MemoryBlockstore()
  const cid = await twoLeaves(whole)
  await store.put(cid, await readBlock(whole, cid))
  const reader = createDagReader(counted(store).blocks)
  const root = cid.toString()
  expect(await reader.entity(root, true)).toMatchObject({ mediaType: 'application/octet-stream' })
  for await (const { cid: each, bytes } of whole.getAll()) for await (const part of bytes) await store.put(each, part)
  expect(await reader.entity(root, true)).toMatchObject({ mediaType: 'text/plain; charset=utf-8' })
})

test('a leaf that is asked for by its own CID is read once', async () => {
  const store = new MemoryBlockstore()
  const leaf = await oneLeaf(store)
  const { blocks, reads } = counted(store)
  const reader = createDagReader(blocks)
  const { cid } = await reader.target({ root: leaf.toString(), names: [] })
  expect(await reader.block(cid)).toEqual(await readBlock(store, leaf))
  expect(reads()).toBe(1)
})

test('a leaf that is not here is said to be away before it is read', async () => {
  const leaf = await oneLeaf(new MemoryBlockstore())
  const reader = createDagReader(counted(new MemoryBlockstore()).blocks)
  await expect(reader.target({ root: leaf.toString(), names: [] })).rejects.toMatchObject({ code: 'BLOCK_MISSING' })
})

async function oneLeaf(store: MemoryBlockstore): Promise<CID> {
  return await importFile(bytesOf('text'), store)
}
