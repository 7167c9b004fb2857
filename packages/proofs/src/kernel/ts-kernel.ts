/** The TypeScript twin of the native kernels: the same bytes, for machines without a compiler. */
import { concatBytes } from '../spec/bytes.ts'
import { columnHash } from '../spec/commitments.ts'
import { feistelTable } from '../spec/expander-parents.ts'
import { addNodes, subtractNodes } from '../spec/field.ts'
import { padFr32 } from '../spec/fr32.ts'
import { createGraph, PARENTS, writeParents } from '../spec/graph.ts'
import { hashPairs, hashPairs254 } from '../spec/hash-pairs.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import type { Kernel, ParentsWriter } from './kernel.ts'
import { buildParents } from './ts-build-parents.ts'
import { commitColumns } from './ts-commit-columns.ts'
import { commitData } from './ts-commit-data.ts'
import { commitBytes, commitPayload } from './ts-commit-payload.ts'
import { decode } from './ts-decode.ts'
import { encode } from './ts-encode.ts'
import { labelLayer } from './ts-label-layer.ts'

export function createTsKernel(): Kernel {
  return {
    name: 'ts',
    hashPairs,
    hashPairs254,
    padFr32,
    hashColumns,
    addNodes,
    subtractNodes,
    parentsWriter,
    buildParents: (job) => buildParents(parentsWriter(job.porepId, job.nodes), job),
    openLabeller: (_, nodes) => ({ labelLayer: (job) => labelLayer(nodes, job), close: () => undefined }),
    commitColumns: (job) => commitColumns(hashColumns, job),
    commitData,
    encode,
    decode,
    commitPayload,
    commitBytes,
  }
}

function hashColumns(layers: readonly Uint8Array[], out: Uint8Array): void {
  for (let at = 0; at < out.length; at += NODE_BYTES)
    out.set(columnHash(concatBytes(layers.map((layer) => layer.subarray(at, at + NODE_BYTES)))), at)
}

function parentsWriter(porepId: Uint8Array, nodes: number): ParentsWriter {
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
}
