/** A path below a root, one name at a time, through UnixFS directories plain and sharded. */
import { GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'
import { placeOf, type Shard } from './shard.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
import { type UnixFsNode, unixFsNode } from './unixfs-node.ts'
import type { Block } from './walk-dag.ts'

export interface ResolvedPath {
  readonly cid: CID
  /** What had to be read on the way, in order, without the block of `cid`: a CAR of the path begins with these. */
  readonly blocks: readonly Block[]
}

export class PathNotFoundError extends GranaryError {
  constructor(root: CID, names: readonly string[], missing: string) {
    super({
      code: 'PATH_NOT_FOUND',
      message: `${root} has no "${missing}" on the path /${names.join('/')}`,
      hint: 'check the spelling; names are case-sensitive',
    })
  }
}

/** @throws PathNotFoundError PATH_NOT_FOUND, DagInvalidError DAG_INVALID, and what the store throws */
export async function resolvePath(
  root: CID,
  names: readonly string[],
  store: BlockReader,
  options: ReadOptions = {},
): Promise<ResolvedPath> {
  const onTheWay = new Map<string, Block>()
  const read = async (cid: CID): Promise<UnixFsNode> => {
    const bytes = await readBlock(store, cid, options)
    onTheWay.set(cid.toString(), { cid, bytes })
    return unixFsNode(cid, bytes)
  }
  let cid = root
  for (const name of names) {
    const node = await read(cid)
    const child = node.kind === 'shard' ? await inShards(node, name, read) : childOf(node, name)
    if (child === undefined) throw new PathNotFoundError(root, names, name)
    cid = child
  }
  return { cid, blocks: [...onTheWay.values()] }
}

function childOf(node: UnixFsNode, name: string): CID | undefined {
  return node.kind === 'directory' ? node.entries.get(name) : undefined
}

async function inShards(root: Shard, name: string, read: (cid: CID) => Promise<UnixFsNode>): Promise<CID | undefined> {
  let node: UnixFsNode = root
  for (let level = 0; node.kind === 'shard'; level++) {
    const place = await placeOf(name, level, root.bits)
    if (place === undefined || node.bits !== root.bits) return undefined
    const entry = node.links.get(`${place}${name}`)
    if (entry !== undefined) return entry
    const below = node.links.get(place)
    if (below === undefined) return undefined
    node = await read(below)
  }
  return undefined
}
