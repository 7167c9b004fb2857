/** The entries of a UnixFS directory, plain or sharded: as many as are asked for, in the order of its blocks. */
import type { CID } from 'multiformats/cid'
import { DagInvalidError } from './dag-invalid-error.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
import { unixFsNode } from './unixfs-node.ts'
import { createWalkBudget } from './walk-budget.ts'

export interface DirectoryEntry {
  readonly name: string
  readonly cid: CID
  /** Of its DAG, as the maker of the directory wrote it; undefined where it did not. */
  readonly dagBytes: number | undefined
}

/** @throws DagInvalidError DAG_INVALID, and what the store throws for a missing block; nothing for what is no directory */
export async function* listDirectory(
  root: CID,
  store: BlockReader,
  options: ReadOptions = {},
): AsyncGenerator<DirectoryEntry> {
  const budget = createWalkBudget()
  const seen = new Set<string>()
  const stack: CID[] = [root]
  for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
    // Its names have hashes of their own, so in a right directory no shard stands at two places.
    if (seen.has(cid.toString())) throw new DagInvalidError(cid, 'a shard that stands at two places of one directory')
    seen.add(cid.toString())
    const node = unixFsNode(cid, await readBlock(store, cid, options))
    await budget.visit(cid, node.kind !== 'shard' || node.links.size > node.shards.length)
    if (node.kind === 'directory')
      for (const [name, entry] of node.entries) yield { name, cid: entry, dagBytes: node.dagBytes.get(name) }
    if (node.kind !== 'shard') continue
    const width = (2 ** node.bits - 1).toString(16).length
    for (const [name, entry] of node.links)
      if (name.length > width) yield { name: name.slice(width), cid: entry, dagBytes: node.dagBytes.get(name) }
    stack.push(...node.shards.toReversed())
  }
}
