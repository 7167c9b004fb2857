/** The labels of a layer, sector after sector. Holds two layers in memory. docs/spec/proofs.md section 6. */
import { hash } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { readExactly } from '../io/read-exactly.ts'
import { BASE_PARENTS } from '../spec/base-parents.ts'
import { PARENTS } from '../spec/graph.ts'
import { LABEL_INPUT_BYTES, PREFIX_BYTES, repeatParents, writePrefix } from '../spec/label-input.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { growFile } from './growing-file.ts'
import type { LayerJob, LayerLane } from './kernel.ts'

/** Labelled between two looks at the event loop and the signal. */
const CHUNK_NODES = 4096

interface LaneWork {
  readonly nodes: number
  readonly job: LayerJob
  readonly lane: LayerLane
  readonly labels: Uint8Array
  readonly previous: Uint8Array | undefined
}

export async function labelLayer(nodes: number, job: LayerJob): Promise<string[]> {
  const digests: string[] = []
  for (const lane of job.lanes) {
    job.signal?.throwIfAborted()
    const labels = new Uint8Array(nodes * NODE_BYTES)
    const previous = lane.previousPath === undefined ? undefined : await readFile(lane.previousPath)
    digests.push(await labelLane({ nodes, job, lane, labels, previous }))
  }
  return digests
}

async function labelLane(work: LaneWork): Promise<string> {
  const { nodes, job, lane, labels } = work
  const parentsFile = await open(job.parentsPath)
  try {
    const { outPath: path, checkpointPath, start } = lane
    const file = await growFile({ path, checkpointPath, itemBytes: NODE_BYTES, start }, (bytes, offset) =>
      labels.set(bytes, offset),
    )
    try {
      for (let first = start?.count ?? 0; first < nodes; first += CHUNK_NODES) {
        if (job.signal?.aborted) await file.stop()
        job.signal?.throwIfAborted()
        const count = Math.min(CHUNK_NODES, nodes - first)
        labelChunk(work, first, count, await readExactly(parentsFile, first * PARENTS * 4, count * PARENTS * 4))
        await file.append(labels.subarray(first * NODE_BYTES, (first + count) * NODE_BYTES))
        job.onProgress?.(first + count)
        await setImmediate()
      }
      return await file.finish()
    } finally {
      await file.close()
    }
  } finally {
    await parentsFile.close()
  }
}

function labelChunk(work: LaneWork, first: number, count: number, table: Uint8Array): void {
  const { job, lane, labels, previous } = work
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const input = new Uint8Array(LABEL_INPUT_BYTES)
  const parents = previous === undefined ? BASE_PARENTS : PARENTS
  for (let i = 0; i < count; i += 1) {
    const node = first + i
    writePrefix(input, lane.replicaId, job.layer, node)
    for (let p = 0; p < parents; p += 1) {
      const start = view.getUint32(4 * (i * PARENTS + p), true) * NODE_BYTES
      const layer = p < BASE_PARENTS ? labels : previous!
      input.set(layer.subarray(start, start + NODE_BYTES), PREFIX_BYTES + p * NODE_BYTES)
    }
    repeatParents(input, parents)
    const label = hash('sha256', node === 0 ? input.subarray(0, PREFIX_BYTES) : input, 'buffer')
    label[NODE_BYTES - 1]! &= 0x3f
    labels.set(label, node * NODE_BYTES)
  }
}
