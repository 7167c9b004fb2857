/** Columns of labels and the tree over them: layers → treeC. docs/spec/proofs.md section 7. */
import { type FileHandle, open } from 'node:fs/promises'
import { readExactly } from '../io/read-exactly.ts'
import { createTreeWriter } from '../io/stored-tree.ts'
import { hashPairs } from '../spec/hash-pairs.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { sectorChunks } from '../spec/sector-chunks.ts'
import type { ColumnsJob, Kernel } from './kernel.ts'

export async function commitColumns(hashColumns: Kernel['hashColumns'], job: ColumnsJob): Promise<Uint8Array> {
  await using stack = new AsyncDisposableStack()
  const layers: FileHandle[] = []
  for (const path of job.layerPaths) layers.push(stack.use(await open(path)))
  const tree = await createTreeWriter(job.treePath, job.nodes, hashPairs)
  stack.defer(() => tree.close())
  for (const { offset, length } of sectorChunks(job.nodes * NODE_BYTES)) {
    job.signal?.throwIfAborted()
    const columns = new Uint8Array(length)
    hashColumns(await Promise.all(layers.map((file) => readExactly(file, offset, length))), columns)
    await tree.write(columns)
  }
  return await tree.finish()
}
