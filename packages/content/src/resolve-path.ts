/** A path below a root, one name at a time, through UnixFS directories plain and sharded. */
import { GranaryError } from '@granary/errors'
import { exporter, walkPath } from 'ipfs-unixfs-exporter'
import type { CID } from 'multiformats/cid'
import { DagInvalidError } from './links-of.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
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
      retryable: false,
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
  const blocks: Block[] = []
  const recorded: BlockReader = {
    async *get(cid) {
      const bytes = await readBlock(store, cid, options)
      if (!blocks.some((block) => block.cid.equals(cid))) blocks.push({ cid, bytes })
      yield bytes
    },
  }
  let cid = root
  for (const name of names) {
    const child = await childOf(cid, name, recorded)
    if (child === undefined) throw new PathNotFoundError(root, names, name)
    cid = child
  }
  return { cid, blocks }
}

async function childOf(cid: CID, name: string, store: BlockReader): Promise<CID | undefined> {
  const bytes = await readBlock(store, cid)
  const entry = await exporter(cid, oneBlock(bytes)).catch((cause: unknown) => {
    throw new DagInvalidError(cid, Error.isError(cause) ? cause.message : String(cause), cause)
  })
  if (entry.type !== 'directory') return undefined
  if (entry.unixfs.type === 'directory') return entry.node.Links.find((link) => link.Name === name)?.Hash
  return name.includes('/') ? undefined : inShards(cid, name, store)
}

async function inShards(cid: CID, name: string, store: BlockReader): Promise<CID | undefined> {
  let found: CID | undefined
  try {
    for await (const entry of walkPath(`${cid}/${name}`, store)) found = entry.cid
  } catch (error) {
    if (Error.isError(error) && error.name === 'NotFoundError') return undefined
    throw error
  }
  return found
}

function oneBlock(bytes: Uint8Array): BlockReader {
  return {
    *get() {
      yield bytes
    },
  }
}
