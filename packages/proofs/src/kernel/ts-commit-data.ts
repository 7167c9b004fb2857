/** CommD over the data of a sector. docs/spec/proofs.md section 2. */
import { log2Floor } from '../spec/bytes.ts'
import { hashPairs254, reduceInPlace } from '../spec/hash-pairs.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { sectorChunks } from '../spec/sector-chunks.ts'
import { pushSubtree, rootOf, type Subtree } from '../spec/subtree-stack.ts'
import type { DataJob } from './kernel.ts'
import { readPieces } from './read-pieces.ts'

export async function commitData(job: DataJob): Promise<Uint8Array> {
  const stack: Subtree[] = []
  for (const { offset, length } of sectorChunks(job.nodes * NODE_BYTES)) {
    job.signal?.throwIfAborted()
    const root = reduceInPlace(await readPieces(job.pieces, offset, length), hashPairs254)
    pushSubtree(stack, { root, height: log2Floor(length / NODE_BYTES) })
  }
  return rootOf(stack, log2Floor(job.nodes))
}
