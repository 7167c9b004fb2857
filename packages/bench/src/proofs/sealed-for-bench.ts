/** Sealed sectors to prove things about: one that is there, or new ones. */

import { type Manifest, requireManifest, sealedSectorOf } from '@granary/proofs/internal'
import { finalizeSector, SectorNotSealedError, sealSector } from '@granary/proofs/seal'
import type { BenchOptions, SealedBenchInput } from './bench-input.ts'
import { sectorInputs, writePayload } from './bench-sectors.ts'

export interface BenchSector {
  readonly dir: string
  readonly manifest: Manifest
  readonly commR: Uint8Array
}

export interface SealedOptions extends BenchOptions {
  /** Only what a PoSt needs is kept of new ones. @default false */
  readonly finalized?: boolean
}

/** At least one. @param folder new sectors are sealed in it */
export async function sealedForBench(
  input: SealedBenchInput,
  folder: string,
  options: SealedOptions,
): Promise<readonly [BenchSector, ...BenchSector[]]> {
  const dirs = input.dir === undefined ? await sealAll(input, folder, options) : [input.dir]
  const [first, ...others] = await Promise.all(dirs.map(readSealed))
  return [first!, ...others]
}

async function readSealed(dir: string): Promise<BenchSector> {
  const manifest = await requireManifest(dir)
  const sealed = sealedSectorOf(manifest)
  if (sealed === undefined) throw new SectorNotSealedError(dir)
  return { dir, manifest, commR: sealed.commR }
}

async function sealAll(input: SealedBenchInput, folder: string, options: SealedOptions): Promise<string[]> {
  options.onProgress?.(`sealing first: ${input.sectors} × ${input.profile.name}`)
  const inputs = sectorInputs(input, await writePayload(folder, input.profile.sectorBytes), folder)
  for (const sector of inputs) {
    await sealSector(sector, { signal: options.signal })
    if (options.finalized === true) await finalizeSector(sector.dir)
  }
  return inputs.map(({ dir }) => dir)
}
