/**
 * The blocks of one thing without what it contains: a file or a range of it, a directory with all its shards but
 * without its entries, any other block alone. https://specs.ipfs.tech/http-gateways/trustless-gateway/ (dag-scope=entity)
 */
import type { CID } from 'multiformats/cid'
import { type FileRange, fileBlocks } from './file-blocks.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
import { unixFsNode } from './unixfs-node.ts'
import { createWalkBudget } from './walk-budget.ts'
import type { Block } from './walk-dag.ts'

export interface EntityOptions extends ReadOptions {
  /** Which part of a file, given its length. @default all of it */
  readonly range?: ((fileBytes: number) => FileRange) | undefined
  /** Give a block each time that it is used. @default false */
  readonly dups?: boolean | undefined
}

/** @throws DagInvalidError DAG_INVALID, and what the store throws for a missing block */
export async function* entityBlocks(cid: CID, store: BlockReader, options: EntityOptions = {}): AsyncGenerator<Block> {
  const bytes = await readBlock(store, cid, options)
  const node = unixFsNode(cid, bytes)
  if (node.kind === 'shard') yield* shardBlocks(cid, store, options)
  else if (node.kind !== 'file') yield { cid, bytes }
  else {
    const range = options.range?.(node.fileBytes)
    yield* fileBlocks(cid, store, { signal: options.signal, once: options.dups !== true, ...range })
  }
}

async function* shardBlocks(root: CID, store: BlockReader, options: EntityOptions): AsyncGenerator<Block> {
  const budget = createWalkBudget()
  const seen = new Set<string>()
  const stack: CID[] = [root]
  for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
    const key = cid.toString()
    if (options.dups !== true && seen.has(key)) continue
    seen.add(key)
    const bytes = await readBlock(store, cid, options)
    const shard = unixFsNode(cid, bytes)
    await budget.visit(cid, options.dups !== true)
    yield { cid, bytes }
    if (shard.kind === 'shard') stack.push(...shard.shards.toReversed())
  }
}
