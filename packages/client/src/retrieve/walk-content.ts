/** All that is below a root, as a CAR or as the entries of a folder: who gets a file does not load it. */
import { type CID, NotAFileError, walkFolder, writeCar } from '@granary/content'
import type { BlockPool, CarRequest } from './block-pool.ts'
import type { OpenContent } from './open-content.ts'

/** Names are what somebody has written into the folder: they may be anything that is no `/` to some system. */
export type FolderEntry = { readonly names: readonly string[]; readonly cid: string } & (
  | { readonly type: 'directory' }
  | {
      readonly type: 'file'
      readonly size: number
      /** To be read before the next entry, or not at all. */
      stream(): AsyncIterable<Uint8Array>
    }
  | { readonly type: 'symlink'; readonly target: string }
)

/** Bytes of a file from `start` up to, and without, `end`. */
export interface Extent {
  readonly start: number
  readonly end: number
}

type FileBytes = (
  cid: CID,
  extent: Extent,
  pool: BlockPool,
  signal: AbortSignal | undefined,
) => AsyncIterable<Uint8Array>

export async function* carOf(
  cid: CID,
  open: () => BlockPool,
  { signal, tell }: OpenContent,
): AsyncGenerator<Uint8Array> {
  const pool = open()
  let bytes = 0
  try {
    for await (const part of writeCar(cid, pool.reader(below), { signal })) {
      yield part
      bytes += part.length
      tell({ type: 'get:progress', bytes })
    }
  } finally {
    pool.close()
  }
}

/** The part of the content that is walked, whatever it is: all below the block that is needed. */
function below(cid: CID): CarRequest {
  return { path: cid.toString(), scope: 'all' }
}

export async function* folderEntries(
  root: CID,
  open: () => BlockPool,
  { signal, tell }: OpenContent,
  fileBytes: FileBytes,
): AsyncGenerator<FolderEntry> {
  const pool = open()
  const store = pool.reader(below)
  let bytes = 0
  const counted = async function* (cid: CID, size: number): AsyncGenerator<Uint8Array> {
    for await (const part of fileBytes(cid, { start: 0, end: size }, pool, signal)) {
      yield part
      bytes += part.length
      tell({ type: 'get:progress', bytes })
    }
  }
  try {
    for await (const { names, cid, node } of walkFolder(root, store, { signal })) {
      if (names.length === 0) continue
      const item = { names, cid: cid.toString() }
      switch (node.kind) {
        case 'directory':
          yield { ...item, type: 'directory' }
          break
        case 'file':
          yield { ...item, type: 'file', size: node.fileBytes, stream: () => counted(cid, node.fileBytes) }
          break
        case 'symlink':
          yield { ...item, type: 'symlink', target: new TextDecoder().decode(node.target) }
          break
        case 'other':
          throw new NotAFileError(cid, node.what)
      }
    }
  } finally {
    pool.close()
  }
}
