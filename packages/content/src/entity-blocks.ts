/**
 * The blocks of one thing without what it contains: a file or a range of it, a directory with all its shards but
 * without its entries, any other block alone. https://specs.ipfs.tech/http-gateways/trustless-gateway/ (dag-scope=entity)
 */
import * as dagPb from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { type FileRange, fileBlocks } from './file-blocks.ts'
import { fileNode, NotAFileError } from './file-node.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
import type { Block } from './walk-dag.ts'

/** Two hexadecimal digits name a child of a shard of 256; a longer name is that of an entry. */
const SHARD_NAME_LENGTH = 2

export interface EntityOptions extends ReadOptions {
  /** Which part of a file, given its length. @default all of it */
  readonly range?: ((fileBytes: number) => FileRange) | undefined
}

export async function* entityBlocks(cid: CID, store: BlockReader, options: EntityOptions = {}): AsyncGenerator<Block> {
  const bytes = await readBlock(store, cid, options)
  const kind = await kindOf(cid, bytes)
  if (kind === 'sharded directory') yield* shardBlocks({ cid, bytes }, store, options)
  else if (typeof kind === 'string') yield { cid, bytes }
  else yield* fileBlocks(cid, store, { signal: options.signal, ...options.range?.(kind.fileBytes) })
}

async function kindOf(cid: CID, bytes: Uint8Array): Promise<string | { fileBytes: number }> {
  try {
    return await fileNode(cid, bytes)
  } catch (error) {
    if (error instanceof NotAFileError) return error.kind
    throw error
  }
}

async function* shardBlocks(shard: Block, store: BlockReader, options: ReadOptions): AsyncGenerator<Block> {
  yield shard
  for (const link of dagPb.decode(shard.bytes).Links)
    if (link.Name?.length === SHARD_NAME_LENGTH)
      yield* shardBlocks({ cid: link.Hash, bytes: await readBlock(store, link.Hash, options) }, store, options)
}
