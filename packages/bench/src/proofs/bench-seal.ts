/** Sealing sectors whole, the table of parents ready: all of it, and its two halves. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parentsTable, type SealProgress, sealSectors } from '@granary/proofs/seal'
import type { BenchInput, BenchOptions } from './bench-input.ts'
import { sectorInputs, writePayload } from './bench-sectors.ts'
import type { Figure } from './figure.ts'
import { measure } from './measure.ts'
import { withWorkshop } from './workshop.ts'

export function benchSeal(input: BenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  const { profile, sectors, parentsDir } = input
  const { porepId, nodes, name } = profile
  const { signal, onProgress } = options
  const what = `${sectors === 1 ? 'a sector' : `${sectors} sectors`} of ${name}`
  return withWorkshop(async (folder) => {
    const pieces = await writePayload(folder, profile.sectorBytes)
    onProgress?.('parents table')
    await parentsTable({ porepId, nodes, dir: parentsDir }, { signal })
    return await measure(
      [
        { name: `seal ${what}`, unit: 's' },
        { name: `seal ${what}: CommD and labels, synced`, unit: 's' },
        { name: `seal ${what}: columns, trees, replica, synced`, unit: 's' },
      ],
      async (run) => {
        const runFolder = join(folder, `${run}`)
        const startMs = performance.now()
        let treesMs = startMs
        const tell = (progress: SealProgress) => {
          if (progress.type === 'seal:trees' && treesMs === startMs) treesMs = performance.now()
          if (progress.type === 'seal:layer') onProgress?.(`layer ${progress.layer} of ${progress.layers}`)
        }
        await sealSectors(sectorInputs(input, pieces, runFolder), { signal, onProgress: tell })
        const endMs = performance.now()
        await rm(runFolder, { recursive: true })
        return [endMs - startMs, treesMs - startMs, endMs - treesMs].map((ms) => ms / 1_000)
      },
      options,
    )
  })
}
