/** The C kernel of native/, behind the Kernel interface. */
import { feistelTable } from '../graph/expander-parents.ts'
import { createGraph } from '../graph/graph.ts'
import { COLUMN_TAG } from '../seal/commitments.ts'
import { type Kernel, KernelError } from './kernel.ts'

/** What native/addon.c exports. */
export interface Addon {
  readonly version: number
  /** How it hashes: "sha-ni" or "portable". */
  readonly sha256: string
  hashPairs(nodes: Uint8Array, out: Uint8Array, mask: number): void
  hashColumns(tag: Uint8Array, layers: readonly Uint8Array[], out: Uint8Array): void
  addNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  subtractNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  writeParents(
    drgSeed: Uint8Array,
    feistelTable: Uint32Array,
    halfBits: number,
    nodes: number,
    first: number,
    out: Uint8Array,
  ): void
  labelLayer(
    control: Int32Array,
    replicaId: Uint8Array,
    layer: number,
    nodes: number,
    parentsPath: string,
    previousPath: string | null,
    outPath: string,
  ): Promise<string | null>
}

export function createCKernel(addon: Addon): Kernel {
  return {
    name: 'c',
    hashPairs: (nodes, out) => addon.hashPairs(nodes, out, 0xff),
    hashPairs254: (nodes, out) => addon.hashPairs(nodes, out, 0x3f),
    hashColumns: (layers, out) => addon.hashColumns(COLUMN_TAG, layers, out),
    addNodes: (a, b, out) => addon.addNodes(a, b, out),
    subtractNodes: (a, b, out) => addon.subtractNodes(a, b, out),
    parentsWriter(porepId, nodes) {
      const graph = createGraph(porepId, nodes)
      const table = feistelTable(graph.round, graph.halfBits)
      return (first, out) => addon.writeParents(graph.drgSeed, table, graph.halfBits, nodes, first, out)
    },
    async labelLayer(job) {
      job.signal?.throwIfAborted()
      // The kernel looks at it every few thousand nodes: it works off this thread and hears no events.
      const control = new Int32Array(1)
      const cancel = () => {
        control[0] = 1
      }
      job.signal?.addEventListener('abort', cancel)
      const { replicaId, layer, nodes, parentsPath, previousPath, outPath } = job
      const failed = await addon
        .labelLayer(control, replicaId, layer, nodes, parentsPath, previousPath ?? null, outPath)
        .finally(() => job.signal?.removeEventListener('abort', cancel))
      if (failed === null) return
      job.signal?.throwIfAborted()
      throw new KernelError(`${failed} (layer ${layer}, ${outPath})`)
    },
  }
}
