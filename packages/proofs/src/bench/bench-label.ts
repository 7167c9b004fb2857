/** Labels of layer 2, where each has all of its 14 parents, on one core: of one sector, or of several in lockstep. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureParentsTable } from '../graph/parents-table.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import type { BenchInput, BenchOptions } from './bench-input.ts'
import type { Figure } from './figure.ts'
import { elapsedMs, measure } from './measure.ts'
import { withWorkshop } from './workshop.ts'

/** A prefix of 64 bytes, 37 labels of 32, and the padding. */
const BLOCKS_PER_LABEL = 20

export function benchLabel(input: BenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  const { profile, parentsDir } = input
  const { nodes, porepId, name } = profile
  const { kernel } = openKernel()
  const { signal, onProgress } = options
  return withWorkshop(async (folder) => {
    onProgress?.('parents table and layer 1')
    const parentsPath = await ensureParentsTable({ kernel, porepId, nodes, folder: parentsDir }, { signal })
    const job = { replicaId: new Uint8Array(32).fill(7), nodes, parentsPath, signal }
    const previousPath = join(folder, 'layer-1')
    await kernel.labelLayer({ ...job, layer: 1, previousPath: undefined, outPath: previousPath })
    return await measure(
      [{ name: `label, one core, 1 sector of ${name}`, unit: 'ns', blocks: BLOCKS_PER_LABEL }],
      async () => {
        const outPath = join(folder, 'layer-2')
        const { ms } = await elapsedMs(() => kernel.labelLayer({ ...job, layer: 2, previousPath, outPath }))
        await rm(outPath)
        return [(ms * 1e6) / nodes]
      },
      options,
    )
  })
}
