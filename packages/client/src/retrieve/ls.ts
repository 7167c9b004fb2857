/** What is in a folder: names, what each is, and how large. Of a file, that file alone. */
import {
  type DirectoryEntry,
  inlineBytes,
  listDirectory,
  readBlock,
  resolvePath,
  type UnixFsNode,
  unixFsNode,
} from '@granary/content'
import type { BlockPool } from './block-pool.ts'
import { type FetchOptions, type GetPorts, openContent, textOf } from './open-content.ts'
import { parseContentPath } from './parse-content-path.ts'

/** An entry of a folder. */
export interface ListedEntry {
  readonly name: string
  readonly cid: string
  readonly type: 'file' | 'directory' | 'symlink' | 'object'
  /** Bytes of a file; of one that is a single block, as the folder says. Undefined where it says nothing, and for the rest. */
  readonly size?: number
}

/** Entries whose first blocks are fetched at once. */
const AT_ONCE = 16
/** The codec of a block that is bytes and nothing else. */
const RAW = 0x55

/**
 * In the order of the folder's blocks, as they come: a folder of millions is never in memory.
 * @throws CidInvalidError, CidNotStoredError, PathNotFoundError, DagInvalidError, RetrievalFailedError
 */
export async function* ls(
  ports: GetPorts,
  rootOrPath: string,
  options: FetchOptions = {},
): AsyncGenerator<ListedEntry> {
  const path = parseContentPath(rootOrPath)
  const { signal } = options
  const { pool: open } = await openContent(ports, path, options)
  const pool = open()
  try {
    const store = pool.reader(() => ({ path: textOf(path), scope: 'entity' }))
    const { cid } = await resolvePath(path.root, path.names, store, { signal })
    const node = unixFsNode(cid, await readBlock(store, cid, { signal }))
    if (node.kind !== 'directory' && node.kind !== 'shard') {
      yield { name: path.names.at(-1) ?? cid.toString(), cid: cid.toString(), ...kindOf(node) }
      return
    }
    const shards = pool.reader((shard) => ({ path: shard.toString(), scope: 'entity' }))
    const lookedAt = (entries: readonly DirectoryEntry[]) =>
      Promise.all(entries.map((entry) => looked(entry, pool, signal)))
    let batch: DirectoryEntry[] = []
    for await (const entry of listDirectory(cid, shards, { signal })) {
      batch.push(entry)
      if (batch.length < AT_ONCE) continue
      yield* await lookedAt(batch)
      batch = []
    }
    yield* await lookedAt(batch)
  } finally {
    pool.close()
  }
}

async function looked(
  { name, cid, dagBytes }: DirectoryEntry,
  pool: BlockPool,
  signal: AbortSignal | undefined,
): Promise<ListedEntry> {
  const entry = { name, cid: cid.toString() }
  // A block of bytes alone is a file, and need not be fetched to say so.
  if (cid.code === RAW && inlineBytes(cid) === undefined)
    return { ...entry, type: 'file', ...(dagBytes === undefined ? {} : { size: dagBytes }) }
  const first = await readBlock(
    pool.reader(() => undefined),
    cid,
    { signal },
  )
  return { ...entry, ...kindOf(unixFsNode(cid, first)) }
}

function kindOf(node: UnixFsNode): Pick<ListedEntry, 'type' | 'size'> {
  switch (node.kind) {
    case 'file':
      return { type: 'file', size: node.fileBytes }
    case 'directory':
    case 'shard':
      return { type: 'directory' }
    case 'symlink':
      return { type: 'symlink' }
    case 'other':
      return { type: 'object' }
  }
}
