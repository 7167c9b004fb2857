/**
 * A blockstore of a file's DAG that keeps no leaf: a leaf is a place in the file, read again and hashed when it is asked
 * for. Only the inner nodes are in memory: about 50 KB for each GiB.
 */
import type { FileHandle } from 'node:fs/promises'
import { GranaryError } from '@granary/errors'
import { MemoryBlockstore } from 'blockstore-core'
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { multihashKey } from '../cid-key.ts'
import type { ContentStore } from '../store.ts'
import { verifyBlock } from '../verify-block.ts'
import { readAt } from './read-range.ts'

export class FileChangedError extends GranaryError {
  constructor(path: string, cause?: unknown) {
    super({
      code: 'FILE_CHANGED',
      message: `${path} was changed while it was being read`,
      hint: 'wait until nothing writes to it, or put a copy of it',
      retryable: true,
      cause,
    })
  }
}

export interface SourceStore extends ContentStore {
  /** Bytes of the file that have been put as leaves. */
  readonly fileBytes: number
}

/** Leaves must be put in the order of the file, as importFile does. */
export function createSourceStore(file: FileHandle, path: string): SourceStore {
  const nodes = new MemoryBlockstore()
  const leaves = new Map<string, { offset: number; length: number }>()
  let fileBytes = 0

  async function readLeaf(cid: CID, { offset, length }: { offset: number; length: number }): Promise<Uint8Array> {
    const bytes = await readAt(file, offset, length)
    await verifyBlock(cid, bytes).catch((cause: unknown) => {
      throw new FileChangedError(path, cause)
    })
    return bytes
  }

  return {
    get fileBytes() {
      return fileBytes
    },
    async put(cid, block, options) {
      if (cid.code !== raw.code || !(block instanceof Uint8Array)) return nodes.put(cid, block, options)
      const key = multihashKey(cid)
      if (!leaves.has(key)) leaves.set(key, { offset: fileBytes, length: block.length })
      fileBytes += block.length
      return cid
    },
    has(cid, options) {
      return leaves.has(multihashKey(cid)) || nodes.has(cid, options)
    },
    async *get(cid, options) {
      const leaf = leaves.get(multihashKey(cid))
      if (leaf === undefined) yield* nodes.get(cid, options)
      else yield await readLeaf(cid, leaf)
    },
  }
}
