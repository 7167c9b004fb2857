/** File → DAG: blocks go into the store, the root CID comes back. Chunks, layout and CIDs as profile.ts says. */
import type { AddFileOptions } from '@helia/unixfs'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { chunkBytes, linksPerNodeMax, profileName } from './profile.ts'
import type { ContentStore } from './store.ts'

export interface ImportProgress {
  readonly type: 'import:chunk'
  readonly bytes: number
}

export interface ImportOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

/**
 * Leaves are put one at a time, in the order of the file, so memory holds one chunk and one row of links.
 * An empty file is one empty raw block.
 */
export async function importFile(
  source: AsyncIterable<Uint8Array>,
  store: ContentStore,
  options: ImportOptions = {},
): Promise<CID> {
  const { signal, onProgress } = options
  signal?.throwIfAborted()
  // Loaded at first use: @helia/unixfs takes a quarter of a second and 40 MB, and readers never need it.
  const { unixfs } = await import('@helia/unixfs')
  return unixfs({ blockstore: store }).addByteStream(counted(source, signal, onProgress), layoutOptions(signal))
}

/** The profile's name alone is half ignored by @helia/unixfs, so each of its choices is spelled out. */
export function layoutOptions(signal: AbortSignal | undefined): Partial<AddFileOptions> {
  return {
    profile: profileName,
    cidVersion: 1,
    rawLeaves: true,
    reduceSingleLeafToSelf: true,
    chunker: fixedSize({ chunkSize: chunkBytes }),
    layout: balanced({ maxChildrenPerNode: linksPerNodeMax }),
    blockWriteConcurrency: 1,
    ...(signal === undefined ? {} : { signal }),
  }
}

export async function* counted(
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
