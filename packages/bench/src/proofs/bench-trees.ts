/** What follows the labels: columns, treeC, treeD, replica and treeR, from files to synced files. */
import { readFile, writeFile } from 'node:fs/promises'
import { sectorFiles } from '@granary/proofs/internal'
import { type SealInput, type SealProgress, sealSector } from '@granary/proofs/seal'
import type { BenchInput, BenchOptions } from './bench-input.ts'
import { sectorInputs, writePayload } from './bench-sectors.ts'
import type { Figure } from './figure.ts'
import { measure } from './measure.ts'
import { withWorkshop } from './workshop.ts'

export function benchTrees(input: BenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  const { profile } = input
  return withWorkshop(async (folder) => {
    const pieces = await writePayload(folder, profile.sectorBytes)
    const [sector] = sectorInputs({ ...input, sectors: 1 }, pieces, folder)
    await sealLabels(sector!, options)
    const { manifest } = sectorFiles(sector!.dir)
    const labelled = await readFile(manifest)
    return await measure(
      [{ name: `columns, trees and replica of ${profile.name}, synced`, unit: 's' }],
      async () => {
        // As it was before: the sealing goes on after the layers again.
        await writeFile(manifest, labelled)
        let startMs = 0
        const onProgress = (progress: SealProgress) => {
          if (progress.type === 'seal:trees') startMs = performance.now()
        }
        await sealSector(sector!, { signal: options.signal, onProgress })
        return [(performance.now() - startMs) / 1_000]
      },
      options,
    )
  })
}

/** Seals until the last layer is finished. */
async function sealLabels(sector: SealInput, { signal, onProgress }: BenchOptions): Promise<void> {
  const labelled = new AbortController()
  const stop = AbortSignal.any([labelled.signal, ...(signal ? [signal] : [])])
  const tell = (progress: SealProgress) => {
    if (progress.type === 'seal:layer') onProgress?.(`layer ${progress.layer} of ${progress.layers}`)
    if (progress.type === 'seal:trees') labelled.abort()
  }
  await sealSector(sector, { signal: stop, onProgress: tell }).catch((error: unknown) => {
    if (!labelled.signal.aborted || signal?.aborted) throw error
  })
}
