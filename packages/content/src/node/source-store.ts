/**
 * A blockstore of the DAG of files that keeps no leaf: a leaf is a place in a file, read again and hashed when it is asked
 * for. Only the inner nodes are in memory: about 50 KB for each GiB.
 */
import { GranaryError } from '@granary/base'
import { MemoryBlockstore } from 'blockstore-core'
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { multihashKey } from '../cid-key.ts'
import type { ContentStore } from '../store.ts'
import { verifyBlock } from '../verify-block.ts'

export class FileChangedError extends GranaryError {
  constructor(path: string, cause?: unknown) {
    super({
      code: 'FILE_CHANGED',
      message: `${path} was changed while it was being read`,
      hint: 'wait until nothing writes to it, or put a copy of it',
      cause,
    })
  }
}

export interface SourceStore extends ContentStore {
  /** Leaves that are put from now on are those of this file, in its order, as importFile puts them. */
  begin(path: string): void
  /** Bytes of the file begun last that have been put as leaves. */
  readonly fileBytes: number
}

interface Leaf {
  readonly path: string
  readonly offset: number
  readonly length: number
}

export function createSourceStore(read: (leaf: Leaf) => Promise<Uint8Array>): SourceStore {
  const nodes = new MemoryBlockstore()
  const leaves = new Map<string, Leaf>()
  let path = ''
  let fileBytes = 0

  async function readLeaf(cid: CID, leaf: Leaf): Promise<Uint8Array> {
    const bytes = await read(leaf)
    await verifyBlock(cid, bytes).catch((cause: unknown) => {
      throw new FileChangedError(leaf.path, cause)
    })
    return bytes
  }

  return {
    begin(next) {
      path = next
      fileBytes = 0
    },
    get fileBytes() {
      return fileBytes
    },
    async put(cid, block, options) {
      if (cid.code !== raw.code || !(block instanceof Uint8Array)) return nodes.put(cid, block, options)
      const key = multihashKey(cid)
      if (!leaves.has(key)) leaves.set(key, { path, offset: fileBytes, length: block.length })
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
