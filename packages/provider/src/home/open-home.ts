/**
 * Whether the store that lies in a home is the store of that home, and the newest of it: against what was written beside
 * it, and against what lies on the disk. What the chain knows is compared when its deals are (deals/follow-deals.ts).
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { DealStore } from '../deals/deal-store.ts'
import { listSectorFolders } from '../sectors/sector-folders.ts'
import type { SectorStore } from '../sectors/store.ts'
import type { DiskLooks } from '../storage/disk-looks.ts'
import type { ProviderFolders } from '../storage/folders.ts'
import type { Settings } from '../storage/settings.ts'
import { StoreLostError } from '../storage/store-lost-error.ts'
import { requireOwnVolumes } from '../storage/volume-record.ts'
import type { VolumeConfig, Volumes } from '../storage/volumes.ts'
import { openWitness, readWitness, type Witness } from '../storage/witness.ts'

/** Before the store is opened, which would make an empty one. @throws StoreLostError */
export function requireStore(folders: ProviderFolders): void {
  if (readWitness(folders.homeRecord) === undefined || existsSync(folders.database)) return
  throw new StoreLostError(folders.database, 'missing', `${folders.homeRecord} says that this home had one`)
}

/** Of the store; a new one for a home that begins, which it has once `openHome` finds nothing against it. */
export function homeIdOf(settings: Settings): string {
  return settings.get('homeId') ?? randomUUID()
}

export interface OpenHomeInput {
  readonly folders: ProviderFolders
  /** `homeIdOf` its store. */
  readonly id: string
  /** As its configuration names them. */
  readonly named: readonly VolumeConfig[]
  readonly volumes: Volumes
  readonly looks: DiskLooks
  readonly settings: Settings
  readonly deals: Pick<DealStore, 'count' | 'hasPiece'>
  readonly sectors: Pick<SectorStore, 'nextNumber' | 'has' | 'skipNumbersBelow'>
}

/** @throws StoreLostError, VolumeForeignError VOLUME_FOREIGN */
export async function openHome(input: OpenHomeInput): Promise<Witness> {
  const { folders, id, named, volumes, looks, settings, deals, sectors } = input
  const { database: path } = folders
  const beside = readWitness(folders.homeRecord)
  const homeId = settings.get('homeId')
  if (beside !== undefined && homeId === undefined)
    throw new StoreLostError(path, 'empty', `it belongs to no home, ${folders.homeRecord} names one`)
  if (beside !== undefined && homeId !== beside.homeId)
    throw new StoreLostError(path, 'foreign', `it belongs to the home ${homeId}, this is ${beside.homeId}`)
  if (beside !== undefined && deals.count() < beside.agreements)
    throw new StoreLostError(path, 'behind', `it has ${deals.count()} deals, ${beside.agreements} have been signed`)
  if (beside !== undefined && sectors.nextNumber() < beside.nextSector)
    throw new StoreLostError(
      path,
      'behind',
      `its next sector is ${sectors.nextNumber()}, numbers below ${beside.nextSector} have been given out`,
    )
  requireOwnVolumes(named, id, looks)
  const numbers = await compareSectors(folders, volumes, settings, sectors)
  if (homeId === undefined) await refuseUnknownPieces(folders, volumes, deals)

  sectors.skipNumbersBelow(Math.max(0, ...numbers) + 1)
  settings.set('homeId', id)
  return openWitness(folders.homeRecord, {
    homeId: id,
    agreements: deals.count(),
    nextSector: sectors.nextNumber(),
  })
}

/** @returns the numbers of all folders, also of those that are not ours */
async function compareSectors(
  folders: ProviderFolders,
  volumes: Volumes,
  settings: Settings,
  sectors: OpenHomeInput['sectors'],
): Promise<number[]> {
  const found = await listSectorFolders({ volumes })
  const provider = settings.get('providerId')
  for (const { number, dir, sector } of found) {
    if (sector === undefined || sector.sectorNumber !== number || sectors.has(number)) continue
    if (provider !== undefined && String(sector.provider) !== provider) continue
    throw new StoreLostError(folders.database, 'behind', `it knows no sector ${number}, which lies in ${dir}`)
  }
  return found.map(({ number }) => number)
}

/** A store that has never seen this home, in a home that holds pieces. */
async function refuseUnknownPieces(
  folders: ProviderFolders,
  volumes: Volumes,
  deals: OpenHomeInput['deals'],
): Promise<void> {
  for (const folder of volumes.foldersOf('piece')) {
    const pieces = (await readdir(folder)).filter((name) => name.endsWith('.car'))
    const unknown = pieces.find((name) => !deals.hasPiece(name.slice(0, -'.car'.length)))
    if (unknown === undefined) continue
    throw new StoreLostError(folders.database, 'empty', `it knows no piece ${unknown}, which lies in ${folder}`)
  }
}
