/** What is in a folder and in the folders below it, depth-first, in the order of its blocks: that of a CAR of it. */
import type { CID } from 'multiformats/cid'
import { DagInvalidError } from './dag-invalid-error.ts'
import type { Shard } from './shard.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
import { type FileNode, type Other, type Symlink, type UnixFsNode, unixFsNode } from './unixfs-node.ts'
import { createWalkBudget } from './walk-budget.ts'

export interface FolderItem {
  /** From the folder down; of the folder itself none. */
  readonly names: readonly string[]
  readonly cid: CID
  readonly node: FileNode | Symlink | Other | { readonly kind: 'directory' }
}

interface Place {
  readonly names: readonly string[]
  readonly cid: CID
  /** A part of the folder of those names, and not that folder itself. */
  readonly isShard: boolean
}

/** Deeper than any disk takes a path. */
const DEPTH_MAX = 512

/**
 * A file's first block alone is read; who wants its bytes reads them before the next item, as their blocks come next.
 * A folder comes before what is in it.
 * @throws DagInvalidError DAG_INVALID, and what the store throws for a missing block
 */
export async function* walkFolder(
  root: CID,
  store: BlockReader,
  options: ReadOptions = {},
): AsyncGenerator<FolderItem> {
  const budget = createWalkBudget()
  const seen = new Set<string>()
  const stack: Place[] = [{ names: [], cid: root, isShard: false }]
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { names, cid, isShard } = place
    if (names.length > DEPTH_MAX) throw new DagInvalidError(cid, `a folder ${names.length} folders deep`)
    const node = unixFsNode(cid, await readBlock(store, cid, options))
    if (node.kind !== 'directory' && node.kind !== 'shard') {
      if (isShard) throw new DagInvalidError(cid, 'it stands where a shard must be')
      yield { names, cid, node }
      continue
    }
    // A few blocks can be a folder without end, in which each folder stands at many places.
    const key = cid.toString()
    await budget.visit(cid, !seen.has(key))
    seen.add(key)
    if (!isShard) yield { names, cid, node: { kind: 'directory' } }
    stack.push(...placesIn(names, node).reverse())
  }
}

function placesIn(names: readonly string[], node: Extract<UnixFsNode, { kind: 'directory' | 'shard' }>): Place[] {
  if (node.kind === 'shard') return shardPlaces(names, node)
  return [...node.entries].map(([name, cid]) => ({ names: [...names, name], cid, isShard: false }))
}

function shardPlaces(names: readonly string[], { bits, links }: Shard): Place[] {
  const width = (2 ** bits - 1).toString(16).length
  return [...links].map(([name, cid]) =>
    name.length === width
      ? { names, cid, isShard: true }
      : { names: [...names, name.slice(width)], cid, isShard: false },
  )
}
