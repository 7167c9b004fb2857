/** A read-only blockstore over a CAR on disk: blocks come by offset and are hashed before they are given out. */
import { open } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'
import { multihashKey } from '../cid-key.ts'
import type { BlockReader } from '../store.ts'
import { verifyBlock } from '../verify-block.ts'
import type { CarEntry } from '../verify-car.ts'
import { readAt } from './read-at.ts'

export interface CarStore extends BlockReader {
  has(cid: CID): boolean
  close(): Promise<void>
}

export class BlockMissingError extends GranaryError {
  constructor(cid: CID, where: string) {
    super({
      code: 'BLOCK_MISSING',
      message: `there is no block ${cid} in ${where}`,
      hint: 'ask someone who stores the content, or fetch a CID that is stored here',
      details: { cid: cid.toString() },
    })
  }
}

/** @param index the entries of verifyCar for this very file */
export async function openCarStore(path: string, index: Iterable<CarEntry>): Promise<CarStore> {
  const entries = new Map<string, CarEntry>()
  for (const entry of index) entries.set(multihashKey(entry.cid), entry)
  const file = await open(path, 'r')
  return {
    has: (cid) => entries.has(multihashKey(cid)),
    async *get(cid) {
      const entry = entries.get(multihashKey(cid))
      if (entry === undefined) throw new BlockMissingError(cid, path)
      const bytes = await readAt(file, entry.offset, entry.length)
      await verifyBlock(cid, bytes)
      yield bytes
    },
    close: () => file.close(),
  }
}
