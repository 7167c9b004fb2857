/**
 * Labels of the layers after the first, with all of their 14 parents, on one core: of one sector, or of several in
 * lockstep; digests and writing included. And how long a stop within a layer takes.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ensureParentsTable, openKernel } from '@granary/proofs/internal'
import type { BenchInput, BenchOptions } from './bench-input.ts'
import type { Figure } from './figure.ts'
import { elapsedMs, measure, RUNS } from './measure.ts'
import { withWorkshop } from './workshop.ts'

/** A prefix of 64 bytes, 37 labels of 32, and the padding. */
const BLOCKS_PER_LABEL = 20

export function benchLabel(input: BenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  const { profile, sectors, parentsDir } = input
  const { nodes, porepId, name } = profile
  const { kernel } = openKernel()
  const { signal, onProgress } = options
  return withWorkshop(async (folder) => {
    onProgress?.('parents table and layer 1')
    const parentsPath = await ensureParentsTable({ kernel, porepId, nodes, folder: parentsDir }, { signal })
    const labeller = kernel.openLabeller(sectors, nodes)
    const lanesOf = (layer: number) =>
      Array.from({ length: sectors }, (_, i) => ({
        replicaId: new Uint8Array(32).fill(7 + i),
        previousPath: layer === 1 ? undefined : join(folder, `layer-${layer - 1}-${i}`),
        outPath: join(folder, `layer-${layer}-${i}`),
        checkpointPath: join(folder, `checkpoint-${i}`),
      }))
    const label = (layer: number, stop = signal) =>
      labeller.labelLayer({ layer, parentsPath, lanes: lanesOf(layer), signal: stop })
    let layerMs = 0
    const what = sectors === 1 ? `1 sector of ${name}` : `${sectors} sectors of ${name} interleaved`
    try {
      await label(1)
      const labels = await measure(
        [{ name: `label, one core, ${what}`, unit: 'ns', clock: 'processor', blocks: BLOCKS_PER_LABEL }],
        async (run) => {
          // Layer after layer, as sealing does it: the one before is in memory.
          const layer = 2 + run
          const { ms, cpuMs } = await elapsedMs(() => label(layer))
          layerMs = ms
          for (const { previousPath } of lanesOf(layer)) await rm(previousPath!)
          return [(cpuMs * 1e6) / nodes / sectors]
        },
        options,
      )
      const stops = await measure(
        [{ name: `from an abort to the stop, ${what}`, unit: 'ms' }],
        // At other moments of the layer each time.
        async (run) => [await stopMs((stop) => label(2 + RUNS, stop), (layerMs * (run + 1)) / (RUNS + 2))],
        options,
      )
      return [...labels, ...stops]
    } finally {
      labeller.close()
    }
  })
}

async function stopMs(work: (stop: AbortSignal) => Promise<unknown>, afterMs: number): Promise<number> {
  const controller = new AbortController()
  let endMs = 0
  const stopped = work(controller.signal)
    .catch((error: unknown) => {
      if (!controller.signal.aborted) throw error
    })
    .then(() => {
      endMs = performance.now()
    })
  await setTimeout(afterMs)
  const abortMs = performance.now()
  controller.abort()
  await stopped
  // A layer that was finished before had nothing to stop.
  return Math.max(0, endMs - abortMs)
}
