/** What a sector's folder says that it is. */
import { requireManifest, type SectorIdentity } from './manifest.ts'

export interface Sector extends SectorIdentity {
  /** sealing → sealed (all commitments known) → finalized (layers dropped, its PoRep was accepted). */
  readonly state: 'sealing' | 'sealed' | 'finalized'
}

/** @throws ManifestError MANIFEST_INVALID when the folder is no sector */
export async function readSector(dir: string): Promise<Sector> {
  const { profile, provider, proverId, sectorNumber, ticket, pieces, state } = await requireManifest(dir)
  return { profile, provider, ...(proverId && { proverId }), sectorNumber, ticket, pieces, state }
}
