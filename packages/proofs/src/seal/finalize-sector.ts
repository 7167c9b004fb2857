/** After its PoRep is accepted, a sector needs only its replica and the levels of treeR and treeD. */
import { rm } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { requireManifest, writeManifest } from './manifest.ts'
import { removeTemporaries } from './remove-leftovers.ts'
import { sectorFiles } from './sector-files.ts'

export class SectorNotSealedError extends GranaryError {
  constructor(dir: string) {
    super({
      code: 'SECTOR_NOT_SEALED',
      message: `the sealing of the sector in ${dir} is not finished`,
      hint: 'seal it first: sealSector goes on where it stopped',
    })
  }
}

/** Idempotent. After it no PoRep can be made any more. @throws SectorNotSealedError, ManifestError */
export async function finalizeSector(dir: string): Promise<void> {
  const manifest = await requireManifest(dir)
  if (manifest.state === 'sealing') throw new SectorNotSealedError(dir)
  // Said before it is done: files that a kill leaves are removed by the next call.
  if (manifest.state === 'sealed') await writeManifest(dir, { ...manifest, state: 'finalized' })
  const files = sectorFiles(dir)
  for (let layer = 1; layer <= manifest.profile.layers; layer += 1) await rm(files.layer(layer), { force: true })
  await rm(files.treeC, { force: true })
  // Of another that seals it too and was killed: nobody else comes by.
  await removeTemporaries(dir)
}
