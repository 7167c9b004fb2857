/** The blockstores that content is read from and written to: any Helia or blockstore-core store fits. */
import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

export type BlockReader = Pick<Blockstore, 'get'>

export interface BlockWriter {
  put(cid: CID, block: Uint8Array, options?: ReadOptions): CID | Promise<CID>
  /**
   * In place of `put`, the block of a chunk: for a store that does not keep it, but where its bytes are in the file.
   * Those of a file come in its order.
   */
  putLeaf?(cid: CID, size: LeafSize): void | Promise<void>
}

export interface LeafSize {
  readonly blockBytes: number
  /** Of the chunk. */
  readonly dataBytes: number
}

export interface ContentStore extends BlockReader, BlockWriter {}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
}

/** A whole block; stores hand blocks out in chunks. */
export async function readBlock(store: BlockReader, cid: CID, options: ReadOptions = {}): Promise<Uint8Array> {
  options.signal?.throwIfAborted()
  const chunks: Uint8Array[] = []
  for await (const chunk of store.get(cid, options.signal === undefined ? {} : { signal: options.signal }))
    chunks.push(chunk)
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : concat(chunks)
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}
