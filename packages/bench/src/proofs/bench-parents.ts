/** Building the table of parents of a profile, on all cores, from nothing. */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parentsTable } from '@granary/proofs/seal'
import type { BenchInput, BenchOptions } from './bench-input.ts'
import type { Figure } from './figure.ts'
import { elapsedMs, measure } from './measure.ts'
import { withWorkshop } from './workshop.ts'

export function benchParents({ profile }: BenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  const { porepId, nodes, name } = profile
  return withWorkshop((folder) =>
    measure(
      [
        { name: `parents table, ${name}`, unit: 's' },
        { name: `parents table, ${name}: a node`, unit: 'ns' },
      ],
      async (run) => {
        const dir = join(folder, `${run}`)
        const { ms } = await elapsedMs(() => parentsTable({ porepId, nodes, dir }, { signal: options.signal }))
        await rm(dir, { recursive: true })
        return [ms / 1_000, (ms * 1e6) / nodes]
      },
      options,
    ),
  )
}
