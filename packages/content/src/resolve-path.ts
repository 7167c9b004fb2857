/** A path below a root, one name at a time: through UnixFS directories plain and sharded, and along the links of objects. */
import { GranaryError } from '@granary/base'
import { CID } from 'multiformats/cid'
import { dagObject, isDagObject, valueUnder } from './dag-object.ts'
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

/** What is named is a part of a block, and no block of its own. */
export class PathInsideBlockError extends GranaryError {
  constructor(cid: CID, names: readonly string[]) {
    super({
      code: 'PATH_INSIDE_BLOCK',
      message: `/${names.join('/')} ends inside block ${cid}: what is there is no link`,
      hint: 'ask for the block, and read the part out of it',
      details: { cid: cid.toString() },
    })
  }
}

/** @throws PathNotFoundError PATH_NOT_FOUND, PathInsideBlockError PATH_INSIDE_BLOCK, DagInvalidError DAG_INVALID, and what the store throws */
export async function resolvePath(
  root: CID,
  names: readonly string[],
  store: BlockReader,
  options: ReadOptions = {},
): Promise<ResolvedPath> {
  const onTheWay = new Map<string, Block>()
  const readBytes = async (cid: CID): Promise<Uint8Array> => {
    const bytes = await readBlock(store, cid, options)
    onTheWay.set(cid.toString(), { cid, bytes })
    return bytes
  }
  const read = async (cid: CID): Promise<UnixFsNode> => unixFsNode(cid, await readBytes(cid))
  let cid = root
  /** Of an object, the part that has been reached. */
  let inside: unknown
  for (const name of names) {
    if (inside !== undefined || isDagObject(cid)) {
      const value = valueUnder(inside ?? (await dagObject(cid, await readBytes(cid))), name)
      if (value === undefined) throw new PathNotFoundError(root, names, name)
      const link = CID.asCID(value)
      inside = link === null ? value : undefined
      cid = link ?? cid
      continue
    }
    const node = await read(cid)
    const child = node.kind === 'shard' ? await inShards(node, name, read) : childOf(node, name)
    if (child === undefined) throw new PathNotFoundError(root, names, name)
    cid = child
  }
  if (inside !== undefined) throw new PathInsideBlockError(cid, names)
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
