/** The parents table of a graph, chunk by chunk. docs/spec/proofs.md section 5. */
import { setImmediate } from 'node:timers/promises'
import { PARENTS } from '../spec/graph.ts'
import { growFile } from './growing-file.ts'
import type { ParentsJob, ParentsWriter } from './kernel.ts'

const CHUNK_NODES = 1 << 14
const ROW_BYTES = PARENTS * 4

export async function buildParents(write: ParentsWriter, job: ParentsJob): Promise<string> {
  job.signal?.throwIfAborted()
  const { path, checkpointPath, start, nodes } = job
  const file = await growFile({ path, checkpointPath, itemBytes: ROW_BYTES, start })
  try {
    for (let first = start?.count ?? 0; first < nodes; first += CHUNK_NODES) {
      if (job.signal?.aborted) await file.stop()
      job.signal?.throwIfAborted()
      const chunk = new Uint8Array(Math.min(CHUNK_NODES, nodes - first) * ROW_BYTES)
      write(first, chunk)
      await file.append(chunk)
      job.onProgress?.(first + chunk.length / ROW_BYTES)
      await setImmediate()
    }
    return await file.finish()
  } finally {
    await file.close()
  }
}
