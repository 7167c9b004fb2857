/** The TypeScript twin of the C kernel: the same bytes, for machines without a compiler. Holds two layers in memory. */
import { hash } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { concatBytes } from '../bytes.ts'
import { BASE_PARENTS } from '../graph/base-parents.ts'
import { feistelTable } from '../graph/expander-parents.ts'
import { createGraph, PARENTS, writeParents } from '../graph/graph.ts'
import { readExactly } from '../io/read-exactly.ts'
import { writeNewFile } from '../io/write-new-file.ts'
import { hashPairs, hashPairs254 } from '../merkle/hash-pairs.ts'
import { NODE_BYTES } from '../profile.ts'
import { columnHash } from '../seal/commitments.ts'
import { addNodes, subtractNodes } from '../seal/field.ts'
import { LABEL_INPUT_BYTES, PREFIX_BYTES, repeatParents, writePrefix } from '../seal/label-input.ts'
import type { Kernel, LabelJob } from './kernel.ts'

/** Labelled between two looks at the event loop and the signal. */
const CHUNK_NODES = 4096

export function createTsKernel(): Kernel {
  return {
    name: 'ts',
    hashPairs,
    hashPairs254,
    hashColumns(layers, out) {
      for (let at = 0; at < out.length; at += NODE_BYTES)
        out.set(columnHash(concatBytes(layers.map((layer) => layer.subarray(at, at + NODE_BYTES)))), at)
    },
    addNodes,
    subtractNodes,
    parentsWriter(porepId, nodes) {
      const graph = createGraph(porepId, nodes)
      const table = feistelTable(graph.round, graph.halfBits)
      const side = 2 ** graph.halfBits
      const tabled = { ...graph, round: (round: number, right: number) => table[round * side + right]! }
      return (first, out) => {
        const parents = new Uint32Array(out.length / 4)
        for (let i = 0; i < parents.length; i += PARENTS) writeParents(tabled, first + i / PARENTS, parents, i)
        const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
        parents.forEach((parent, i) => {
          view.setUint32(4 * i, parent, true)
        })
      }
    },
    labelLayer,
  }
}

async function labelLayer(job: LabelJob): Promise<void> {
  const labels = new Uint8Array(job.nodes * NODE_BYTES)
  const previous = job.previousPath === undefined ? undefined : await readFile(job.previousPath)
  const parentsFile = await open(job.parentsPath)
  try {
    for (let first = 0; first < job.nodes; first += CHUNK_NODES) {
      job.signal?.throwIfAborted()
      const count = Math.min(CHUNK_NODES, job.nodes - first)
      const parents = await readExactly(parentsFile, first * PARENTS * 4, count * PARENTS * 4)
      labelChunk(job, first, count, parents, labels, previous)
      await setImmediate()
    }
  } finally {
    await parentsFile.close()
  }
  await writeNewFile(job.outPath, labels)
}

function labelChunk(
  job: LabelJob,
  first: number,
  count: number,
  table: Uint8Array,
  labels: Uint8Array,
  previous: Uint8Array | undefined,
): void {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const input = new Uint8Array(LABEL_INPUT_BYTES)
  const parents = previous === undefined ? BASE_PARENTS : PARENTS
  for (let i = 0; i < count; i += 1) {
    const node = first + i
    writePrefix(input, job.replicaId, job.layer, node)
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
