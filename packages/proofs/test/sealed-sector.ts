/** Seals a sector of noise for a test, in a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { paddedSizeOf } from '../src/piece/index.ts'
import { type SealedSector, type SealInput, sealSector } from '../src/seal/index.ts'
import type { Profile } from '../src/spec/profile.ts'
import { noise } from './support.ts'

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'granary-proofs-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

export async function sealInput(
  folder: string,
  profile: Profile,
  payloadSizes: readonly number[],
  sectorNumber = 7,
): Promise<SealInput> {
  const pieces = []
  for (const [i, payloadSize] of payloadSizes.entries()) {
    const path = join(folder, `piece-${sectorNumber}-${i}`)
    await writeFile(path, noise(`payload ${sectorNumber}/${i}`, payloadSize))
    pieces.push({ path, payloadSize, paddedSize: paddedSizeOf(payloadSize) })
  }
  return {
    profile,
    provider: 1000,
    sectorNumber,
    ticket: noise('ticket', 32),
    pieces,
    dir: join(folder, `sector-${sectorNumber}`),
    parentsDir: join(folder, 'parents'),
  }
}

export async function sealedSector(
  folder: string,
  profile: Profile,
  payloadSizes: readonly number[],
  sectorNumber = 7,
): Promise<{ input: SealInput; sealed: SealedSector }> {
  const input = await sealInput(folder, profile, payloadSizes, sectorNumber)
  return { input, sealed: await sealSector(input) }
}
