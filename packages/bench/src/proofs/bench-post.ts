/** A PoSt over a list of sectors, files in the page cache: making it, and judging it in TypeScript. */
import { provePost } from '@granary/proofs/post'
import { verifyPost } from '@granary/proofs/verify'
import type { BenchOptions, SealedBenchInput } from './bench-input.ts'
import { BenchRefusedError } from './bench-refused-error.ts'
import type { Figure } from './figure.ts'
import { elapsedMs, measure } from './measure.ts'
import { sealedForBench } from './sealed-for-bench.ts'
import { withWorkshop } from './workshop.ts'

const SAMPLES = 80

/** @throws BenchRefusedError, SectorNotSealedError, ManifestError */
export function benchPost(input: SealedBenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const list = await sealedForBench(input, folder, { ...options, finalized: true })
    const { profile, provider } = list[0].manifest
    const sectors = list.map(({ dir, manifest, commR }) => ({ dir, number: manifest.sectorNumber, commR }))
    const what = `PoSt of ${SAMPLES} samples over ${sectors.length} × ${profile.name}`
    return await measure(
      [
        { name: `${what}: prove`, unit: 'ms' },
        { name: `${what}: verify`, unit: 'ms' },
      ],
      async (run) => {
        const randomness = new Uint8Array(32).fill(run + 1)
        const challenge = { profile, provider, partition: 0, randomness, count: SAMPLES, sectors }
        const proved = await elapsedMs(() => provePost(challenge))
        const judged = await elapsedMs(() => verifyPost({ ...challenge, bundle: proved.result }))
        if (!judged.result.ok) throw new BenchRefusedError(judged.result.reason)
        return [proved.ms, judged.ms]
      },
      options,
    )
  })
}
