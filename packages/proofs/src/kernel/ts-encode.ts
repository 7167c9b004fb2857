/** Data plus key: layer L and the pieces → replica, treeR, treeD. docs/spec/proofs.md section 7. */
import { open } from 'node:fs/promises'
import { readExactly } from '../io/read-exactly.ts'
import { createTreeWriter } from '../io/stored-tree.ts'
import { addNodes } from '../spec/field.ts'
import { hashPairs, hashPairs254 } from '../spec/hash-pairs.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { sectorChunks } from '../spec/sector-chunks.ts'
import type { EncodeJob } from './kernel.ts'
import { readPieces } from './read-pieces.ts'

export async function encode(job: EncodeJob): Promise<{ commD: Uint8Array; commRLast: Uint8Array }> {
  await using stack = new AsyncDisposableStack()
  const key = stack.use(await open(job.keyPath))
  const replica = stack.use(await open(job.replicaPath, 'w'))
  const treeD = await createTreeWriter(job.treeDPath, job.nodes, hashPairs254)
  stack.defer(() => treeD.close())
  const treeR = await createTreeWriter(job.treeRPath, job.nodes, hashPairs)
  stack.defer(() => treeR.close())
  for (const { offset, length } of sectorChunks(job.nodes * NODE_BYTES)) {
    job.signal?.throwIfAborted()
    const nodes = await readPieces(job.pieces, offset, length)
    await treeD.write(nodes)
    addNodes(await readExactly(key, offset, length), nodes, nodes)
    await treeR.write(nodes)
    await replica.writeFile(nodes)
  }
  const [commD, commRLast] = [await treeD.finish(), await treeR.finish()]
  await replica.sync()
  return { commD, commRLast }
}
