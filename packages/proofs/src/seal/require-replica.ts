/** The replica of a sealed sector, as far as its folder says without reading it. */
import { stat } from 'node:fs/promises'
import { equalBytes } from '@granary/base'
import { commROf } from '../spec/commitments.ts'
import { SectorNotSealedError } from './finalize-sector.ts'
import { requireManifest } from './manifest.ts'
import { SectorDamagedError } from './open-sector-file.ts'
import { SectorFolderError, sealedSectorOf } from './seal-input.ts'
import { sectorFiles } from './sector-files.ts'

export interface ReplicaOf {
  readonly dir: string
  readonly sectorNumber: number
  readonly commR: Uint8Array
}

/** @throws SectorDamagedError when it is missing or cut; ManifestError, SectorNotSealedError, SectorFolderError */
export async function requireReplica({
  dir,
  sectorNumber,
  commR,
}: ReplicaOf): Promise<{ readonly nodes: number; readonly commRLast: Uint8Array }> {
  const manifest = await requireManifest(dir)
  const sealed = sealedSectorOf(manifest)
  if (sealed === undefined) throw new SectorNotSealedError(dir)
  if (manifest.sectorNumber !== sectorNumber) throw new SectorFolderError(dir, 'sector number')
  if (!equalBytes(commROf(sealed.commC, sealed.commRLast), commR)) throw new SectorFolderError(dir, 'CommR')
  const { sectorBytes, nodes } = manifest.profile
  const found = await stat(sectorFiles(dir).replica).catch(() => undefined)
  if (found?.size !== sectorBytes) throw new SectorDamagedError(dir, 'its replica is missing or cut')
  return { nodes, commRLast: sealed.commRLast }
}
