/** CommD over the data of a sector, before anything of it is sealed: the replica id depends on it. */
import { log2Floor } from '../bytes.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { reduceInPlace } from '../merkle/hash-pairs.ts'
import { pushSubtree, rootOf, type Subtree } from '../piece/subtree-stack.ts'
import { NODE_BYTES } from '../profile.ts'
import { sectorChunks } from './sector-chunks.ts'
import type { ReadSectorData } from './sector-data.ts'

export async function computeSectorCommD(
  kernel: Kernel,
  data: ReadSectorData,
  sectorBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const stack: Subtree[] = []
  for (const { offset, length } of sectorChunks(sectorBytes)) {
    signal?.throwIfAborted()
    const root = reduceInPlace(await data(offset, length), kernel.hashPairs254)
    pushSubtree(stack, { root, height: log2Floor(length / NODE_BYTES) })
  }
  return rootOf(stack, log2Floor(sectorBytes / NODE_BYTES))
}
