/** The volumes that the configuration names at this moment, the home's own before them, and which of them can be used. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ProviderFolders } from './folders.ts'
import { nameOf, type StoredItem } from './stored-item.ts'
import { volumeFolders } from './volume-record.ts'
import { createStandings, type HeldBack, HOME } from './volume-standing.ts'
import type { VolumeConfig, VolumesConfig } from './volumes.ts'

export interface Volume extends VolumeConfig {
  readonly folders: Readonly<Record<StoredItem['kind'], string>>
}

export interface KnownVolumes {
  all(): Volume[]
  /** The home's. */
  own(): Volume
  /** What is on it can be read. */
  isThere(volume: Volume): boolean
  /** This process may write to it and remove from it. */
  isHeld(volume: Volume): boolean
  isAway(volume: Volume): boolean
  /** Takes those that nobody writes to. */
  hold(): Promise<void>
  heldBack(volumes: readonly Volume[]): readonly HeldBack[]
}

export function createKnownVolumes(
  home: Pick<ProviderFolders, 'root' | 'sectors' | 'pieces' | 'staging'>,
  config: () => VolumesConfig,
  homeId: string | undefined,
): KnownVolumes {
  const standings = createStandings(homeId)
  const own = (): Volume => ({
    ...{ path: home.root, id: HOME, roles: config().homeRoles, weight: 1 },
    folders: { sector: home.sectors, piece: home.pieces, upload: home.staging },
  })
  const all = (): Volume[] => [
    own(),
    ...config().volumes.map((each) => ({ ...each, folders: volumeFolders(each.path) })),
  ]
  return {
    all,
    own,
    isThere: (volume) => {
      const standing = standings.of(volume)
      return standing === 'held' || standing === 'free'
    },
    isHeld: (volume) => standings.of(volume) === 'held',
    isAway: (volume) => standings.of(volume) === 'away',
    hold: () => standings.hold(all()),
    heldBack: standings.heldBack,
  }
}

export function pathOn(volume: Volume, item: StoredItem): string {
  return join(volume.folders[item.kind], nameOf(item))
}

/** The disk that it is on. */
export function deviceOf({ path }: Volume): number {
  return statSync(path).dev
}

export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
