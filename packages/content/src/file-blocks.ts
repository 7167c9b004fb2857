/** The blocks of a file or of a range of it, depth-first, with the bytes of the file that each one holds. */
import type { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { fileNode } from './file-node.ts'
import { DagInvalidError } from './links-of.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
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

/** A block used twice is given twice. Identity blocks are inside their CIDs. */
export async function* fileBlocks(
  root: CID,
  store: BlockReader,
  options: FileRange & ReadOptions = {},
): AsyncGenerator<FileBlock> {
  const from = options.offset ?? 0
  const to = from + (options.length ?? Number.MAX_SAFE_INTEGER - from)
  const whole = options.offset === undefined && options.length === undefined
  const stack: { cid: CID; start: number; bytes: number | undefined }[] = [{ cid: root, start: 0, bytes: undefined }]
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { cid, start } = item
    const bytes = cid.multihash.code === identity.code ? cid.multihash.digest : await readBlock(store, cid, options)
    const node = await fileNode(cid, bytes)
    // Offsets are sums of declared sizes: a wrong one would put bytes into the wrong place of the file.
    if (item.bytes !== undefined && item.bytes !== node.fileBytes)
      throw new DagInvalidError(cid, `${node.fileBytes} bytes of the file, its parent says ${item.bytes}`)
    yield { cid, bytes, data: node.data, start }
    const wanted: typeof stack = []
    let at = start + node.data.length
    for (const child of node.children) {
      if (whole || (at < to && at + child.bytes > from)) wanted.push({ cid: child.cid, start: at, bytes: child.bytes })
      at += child.bytes
    }
    for (const child of wanted.reverse()) stack.push(child)
  }
}
