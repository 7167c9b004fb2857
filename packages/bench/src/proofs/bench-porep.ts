/** A PoRep: making it, and judging it in TypeScript, as every node of the chain does. */
import { provePoRep } from '@granary/proofs/porep'
import { verifyPoRep } from '@granary/proofs/verify'
import type { BenchOptions, SealedBenchInput } from './bench-input.ts'
import { BenchRefusedError } from './bench-refused-error.ts'
import type { Figure } from './figure.ts'
import { elapsedMs, measure } from './measure.ts'
import { sealedForBench } from './sealed-for-bench.ts'
import { withWorkshop } from './workshop.ts'

/** @throws BenchRefusedError, SectorNotSealedError, SectorFinalizedError, ManifestError */
export function benchPorep(input: SealedBenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const [{ dir, manifest, commR }] = await sealedForBench(input, folder, options)
    const { parentsDir } = input
    const { name, challenges, layers } = manifest.profile
    const what = `PoRep of ${name}, ${layers} layers, ${challenges} challenges`
    return await measure(
      [
        { name: `${what}: prove`, unit: 'ms' },
        { name: `${what}: verify`, unit: 'ms' },
      ],
      async (run) => {
        const seed = new Uint8Array(32).fill(run + 1)
        const proved = await elapsedMs(() => provePoRep({ dir, seed, parentsDir }, { signal: options.signal }))
        const judged = await elapsedMs(() => verifyPoRep({ ...manifest, commR, seed, bundle: proved.result }))
        if (!judged.result.ok) throw new BenchRefusedError(judged.result.reason)
        return [proved.ms, judged.ms]
      },
      options,
    )
  })
}
