/** Puts the files of a sector that was sealed again in the place of those that were damaged. */
import { rename, rm } from 'node:fs/promises'
import { moveFile } from '@granary/base/node'
import { SectorNotSealedError } from './finalize-sector.ts'
import { requireManifest } from './manifest.ts'
import { sectorFiles } from './sector-files.ts'

/**
 * A kill in the middle leaves `to` without a manifest: a sector that does not prove, and is sealed again.
 * @param from a finalized sector's folder on the same disk; removed
 * @throws ManifestError, SectorNotSealedError
 */
export async function replaceSector(from: string, to: string): Promise<void> {
  const manifest = await requireManifest(from)
  if (manifest.state !== 'finalized') throw new SectorNotSealedError(from)
  const [sealed, damaged] = [sectorFiles(from), sectorFiles(to)]
  await rm(damaged.manifest, { force: true })
  await rename(sealed.replica, damaged.replica)
  await rename(sealed.treeR, damaged.treeR)
  await rename(sealed.treeD, damaged.treeD)
  await moveFile(sealed.manifest, damaged.manifest)
  await rm(from, { recursive: true, force: true })
}
