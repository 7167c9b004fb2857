/** The blocks of a file or of a range of it, depth-first, with the bytes of the file that each one holds. */
import type { CID } from 'multiformats/cid'
import { DagInvalidError } from './dag-invalid-error.ts'
import { fileNode } from './file-node.ts'
import { inlineBytes } from './inline.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
import type { FileNode } from './unixfs-node.ts'
import { createWalkBudget } from './walk-budget.ts'
import type { Block } from './walk-dag.ts'

export interface FileBlock extends Block {
  readonly data: Uint8Array
  /** Where `data` begins in the file. */
  readonly start: number
}

export interface FileRange {
  /** @default 0 */
  readonly offset?: number | undefined
  /** @default to the end of the file */
  readonly length?: number | undefined
}

export interface FileBlocksOptions extends FileRange, ReadOptions {
  /** Leave out a part of the DAG from which the same bytes were wanted before: for who wants the blocks, not the bytes. @default false */
  readonly once?: boolean | undefined
}

interface Part {
  readonly cid: CID
  readonly start: number
  /** As its parent says. */
  readonly bytes: number | undefined
}

interface ReadNode {
  readonly bytes: Uint8Array
  readonly node: FileNode
}

/** What a walk keeps in memory of the nodes that it has read. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024
/** A link that is decoded, with its CID, weighs more than its bytes in the block. */
const LINK_BYTES = 256

/** A block used twice is given twice, unless only once is asked for. Identity blocks are inside their CIDs. */
export async function* fileBlocks(
  root: CID,
  store: BlockReader,
  options: FileBlocksOptions = {},
): AsyncGenerator<FileBlock> {
  const from = options.offset ?? 0
  const to = from + (options.length ?? Number.MAX_SAFE_INTEGER - from)
  const whole = options.offset === undefined && options.length === undefined
  const budget = createWalkBudget()
  const seen = new Set<string>()
  const read = createNodeReader(store, options)
  const stack: Part[] = [{ cid: root, start: 0, bytes: undefined }]
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    const { cid, start } = part
    if (options.once === true && part.bytes !== undefined) {
      const key = `${cid} ${Math.max(0, from - start)} ${Math.min(part.bytes, to - start)}`
      if (seen.has(key)) continue
      seen.add(key)
    }
    const { bytes, node } = await read(cid)
    // Offsets are sums of declared sizes: a wrong one would put bytes into the wrong place of the file.
    if (part.bytes !== undefined && part.bytes !== node.fileBytes)
      throw new DagInvalidError(cid, `${node.fileBytes} bytes of the file, its parent says ${part.bytes}`)
    await budget.visit(cid, node.data.length > 0)
    yield { cid, bytes, data: node.data, start }
    const wanted: Part[] = []
    let at = start + node.data.length
    for (const child of node.children) {
      if (whole || (at < to && at + child.bytes > from)) wanted.push({ cid: child.cid, start: at, bytes: child.bytes })
      at += child.bytes
    }
    for (const child of wanted.reverse()) stack.push(child)
  }
}

/**
 * A node that is more structure than data and is linked a thousand times is read, verified and decoded once: a file of a few
 * hundred bytes would cost gigabytes otherwise. The first that fit are kept: what is read in a circle would push itself out
 * of a cache of the last.
 */
function createNodeReader(store: BlockReader, options: ReadOptions): (cid: CID) => Promise<ReadNode> {
  const kept = new Map<string, ReadNode>()
  let keptBytes = 0
  return async (cid) => {
    options.signal?.throwIfAborted()
    const key = cid.toString()
    const known = kept.get(key)
    if (known !== undefined) return known
    const bytes = inlineBytes(cid) ?? (await readBlock(store, cid, options))
    const node = fileNode(cid, bytes)
    const weight = bytes.length + node.children.length * LINK_BYTES
    const isMostlyData = bytes.length < 2 * node.data.length
    if (!isMostlyData && keptBytes + weight <= KEPT_BYTES_MAX) {
      kept.set(key, { bytes, node })
      keptBytes += weight
    }
    return { bytes, node }
  }
}
