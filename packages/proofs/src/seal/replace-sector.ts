/** Puts the files of a sector that was sealed again in the place of those that were there. */
import { rename, rm } from 'node:fs/promises'
import { moveFile } from '@granary/base/node'
import { SectorNotSealedError } from './finalize-sector.ts'
import { requireManifest } from './manifest.ts'
import { sectorFiles } from './sector-files.ts'

/**
 * A kill in the middle leaves `to` without a manifest: a sector that does not prove, and is sealed again.
 * @param from the folder of a sealed sector, with its layers, or of a finalized one, on the same disk; removed
 * @throws ManifestError, SectorNotSealedError
 */
export async function replaceSector(from: string, to: string): Promise<void> {
  const { state, profile } = await requireManifest(from)
  if (state === 'sealing') throw new SectorNotSealedError(from)
  const [sealed, replaced] = [sectorFiles(from), sectorFiles(to)]
  await rm(replaced.manifest, { force: true })
  // First of all: without its replica, what is left here after a kill is not taken for sealed.
  await rename(sealed.replica, replaced.replica)
  await rename(sealed.treeR, replaced.treeR)
  await rename(sealed.treeD, replaced.treeD)
  if (state === 'sealed') {
    for (let layer = 1; layer <= profile.layers; layer += 1) await rename(sealed.layer(layer), replaced.layer(layer))
    await rename(sealed.treeC, replaced.treeC)
  }
  await moveFile(sealed.manifest, replaced.manifest)
  await rm(from, { recursive: true, force: true })
}
