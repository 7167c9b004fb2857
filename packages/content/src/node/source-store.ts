/**
 * A blockstore of the DAG of files that keeps no leaf: a leaf is a place in a file, read again and hashed when it is asked
 * for. Only the inner nodes are in memory: about 50 KB for each GiB.
 */
import { GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { multihashKey } from '../cid-key.ts'
import type { ContentStore } from '../store.ts'
import { verifyBlock } from '../verify-block.ts'
import { BlockMissingError } from './open-car-store.ts'

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
  const nodes = new Map<string, Uint8Array>()
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
    put(cid, block) {
      if (cid.code !== raw.code) {
        nodes.set(multihashKey(cid), block)
        return cid
      }
      const key = multihashKey(cid)
      if (!leaves.has(key)) leaves.set(key, { path, offset: fileBytes, length: block.length })
      fileBytes += block.length
      return cid
    },
    async *get(cid) {
      const key = multihashKey(cid)
      const leaf = leaves.get(key)
      const block = leaf === undefined ? nodes.get(key) : await readLeaf(cid, leaf)
      if (block === undefined) throw new BlockMissingError(cid, 'what was read')
      yield block
    },
  }
}
