/** Files and empty folders → DAG of a folder; large ones are sharded (HAMT) as the profile says. */
import type { CID } from 'multiformats/cid'
import { counted, type ImportOptions, layoutOptions } from './import-file.ts'
import { shardFanoutBits, shardThresholdBytes } from './profile.ts'
import type { ContentStore } from './store.ts'

export interface FolderEntry {
  /** Names with / between them. */
  readonly path: string
  /** None of an empty folder. */
  readonly content?: AsyncIterable<Uint8Array> | undefined
}

/** Files are read one after the other, and their leaves put in order. The CID is that of the folder itself. */
export async function importFolder(
  entries: AsyncIterable<FolderEntry>,
  store: ContentStore,
  options: ImportOptions = {},
): Promise<CID> {
  const { signal, onProgress } = options
  signal?.throwIfAborted()
  const { unixfs } = await import('@helia/unixfs')
  async function* candidates() {
    for await (const { path, content } of entries)
      yield content === undefined ? { path } : { path, content: counted(content, signal, onProgress) }
  }
  let root: CID | undefined
  const imported = unixfs({ blockstore: store }).addAll(candidates(), {
    ...layoutOptions(signal),
    fileImportConcurrency: 1,
    wrapWithDirectory: true,
    shardSplitStrategy: 'block-bytes',
    shardSplitThresholdBytes: shardThresholdBytes,
    shardFanoutBits,
  })
  // Folders come after what they hold.
  for await (const { cid } of imported) root = cid
  return root!
}
