/** DAG → file: the bytes of a UnixFS file, or of a range of it, one block at a time. */
import type { CID } from 'multiformats/cid'
import { type FileRange, fileBlocks } from './file-blocks.ts'
import { fileNode } from './file-node.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'

/** @throws NotAFileError NOT_A_FILE, DagInvalidError DAG_INVALID, and what the store throws for a missing block */
export async function* readFile(
  root: CID,
  store: BlockReader,
  options: FileRange & ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  const from = options.offset ?? 0
  const to = from + (options.length ?? Number.MAX_SAFE_INTEGER - from)
  for await (const { data, start } of fileBlocks(root, store, options)) {
    const part = data.subarray(Math.max(0, from - start), Math.max(0, to - start))
    if (part.length > 0) yield part
  }
}

/** The length of the file in bytes, from its root block alone. */
export async function fileLength(root: CID, store: BlockReader, options: ReadOptions = {}): Promise<number> {
  return fileNode(root, await readBlock(store, root, options)).fileBytes
}
