/** CommP of a file in the page cache, on one core. */
import { join } from 'node:path'
import { activeKernel } from '@granary/proofs/engine'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { NODE_BYTES } from '@granary/proofs/profile'
import type { BenchOptions } from './bench-input.ts'
import type { Figure } from './figure.ts'
import { elapsedMs, measure } from './measure.ts'
import { withWorkshop, writeNoise } from './workshop.ts'

const MIB = 2 ** 20
const PADDED_BYTES = 1024 * MIB
/** Without a compiler a GiB takes minutes. */
const PADDED_BYTES_TS = 16 * MIB

export function benchCommp(options: BenchOptions = {}): Promise<Figure[]> {
  const paddedBytes = activeKernel().name === 'ts' ? PADDED_BYTES_TS : PADDED_BYTES
  const payloadBytes = (paddedBytes / 128) * 127
  return withWorkshop(async (folder) => {
    const path = join(folder, 'payload')
    await writeNoise(path, payloadBytes)
    const what = `CommP, one core, ${paddedBytes / MIB} MiB`
    return await measure(
      [
        { name: `${what}: a leaf of 32 bytes`, unit: 'ns', clock: 'processor', blocks: 1 },
        { name: what, unit: 'MiB/s', clock: 'processor' },
      ],
      async () => {
        const { cpuMs } = await elapsedMs(() => commitPieceFile(path, { threads: 1, signal: options.signal }))
        return [(cpuMs * 1e6) / (paddedBytes / NODE_BYTES), payloadBytes / MIB / (cpuMs / 1_000)]
      },
      options,
    )
  })
}
