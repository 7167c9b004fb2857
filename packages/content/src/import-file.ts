/** File → DAG: blocks go into the store, the root CID comes back. Chunks, layout and CIDs as profile.ts says. */
import type { CID } from 'multiformats/cid'
import { type ImportProfileName, importProfiles, profileDefault } from './profile.ts'
import { beginLeaf, type PutContext, type PutNode, putNode } from './put-node.ts'
import { type BlockWriter, concat } from './store.ts'

/** Hashed while the next ones are read. */
const LEAVES_AHEAD = 3

export interface ImportProgress {
  readonly type: 'import:chunk'
  /** Of the file that is being read. */
  readonly bytes: number
}

export interface ImportOptions {
  /** @default 'unixfs-v1-2025' */
  readonly profile?: ImportProfileName | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

/**
 * Leaves are put one at a time, in the order of the file, so memory holds a few chunks and one row of links a level.
 * An empty file is one empty leaf.
 */
export async function importFile(
  source: AsyncIterable<Uint8Array>,
  store: BlockWriter,
  options: ImportOptions = {},
): Promise<CID> {
  return (await putFile(source, putContext(store, options), options.onProgress)).cid
}

export function putContext(store: BlockWriter, { profile = profileDefault, signal }: ImportOptions): PutContext {
  signal?.throwIfAborted()
  return { store, profile: importProfiles[profile], signal }
}

/** What a folder needs to know of a file in it. */
export async function putFile(
  source: AsyncIterable<Uint8Array>,
  context: PutContext,
  onProgress: ImportOptions['onProgress'],
): Promise<PutNode> {
  const { profile, signal } = context
  /** Of each level of the balanced tree, leaves first: nodes that have no parent yet. */
  const rows: PutNode[][] = [[]]

  async function add(level: number, node: PutNode): Promise<void> {
    if (level === rows.length) rows.push([])
    if (rows[level]!.push(node) === profile.linksPerNodeMax) await putParent(level)
  }

  async function putParent(level: number): Promise<void> {
    const row = rows[level]!.splice(0)
    const blockSizes = row.map(({ fileBytes }) => fileBytes)
    const fileBytes = blockSizes.reduce((sum, size) => sum + size, 0)
    const links = row.map((child) => ['', child] as const)
    await add(level + 1, await putNode({ data: { type: 'file', fileBytes, blockSizes }, links }, context))
  }

  const begun: (() => Promise<PutNode>)[] = []
  let isEmpty = true
  for await (const chunk of chunksOf(counted(source, signal, onProgress), profile.chunkBytes)) {
    isEmpty = false
    begun.push(beginLeaf(chunk, context))
    if (begun.length > LEAVES_AHEAD) await add(0, await begun.shift()!())
  }
  if (isEmpty) return await beginLeaf(new Uint8Array(), context)()
  for (const put of begun) await add(0, await put())
  for (let level = 0; ; level += 1) {
    const row = rows[level]!
    const [root] = row
    if (root !== undefined && row.length === 1 && level === rows.length - 1) return root
    if (row.length > 0) await putParent(level)
  }
}

async function* chunksOf(source: AsyncIterable<Uint8Array>, chunkBytes: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let filled = 0
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + chunkBytes - filled)
      filled += part.length
      at += part.length
      // What waits for the rest of its chunk is copied: the source may use its memory again.
      parts.push(filled < chunkBytes ? part.slice() : part)
      if (filled < chunkBytes) continue
      yield parts.length === 1 ? part : concat(parts)
      parts = []
      filled = 0
    }
  }
  if (filled > 0) yield concat(parts)
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onProgress: ImportOptions['onProgress'],
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    signal?.throwIfAborted()
    yield chunk
    bytes += chunk.length
    onProgress?.({ type: 'import:chunk', bytes })
  }
}
