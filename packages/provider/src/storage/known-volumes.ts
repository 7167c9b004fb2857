/** The volumes that the configuration names at this moment, the home's own before them, and which of them can be used. */
import { join } from 'node:path'
import type { Looks } from './disk-looks.ts'
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
  /** For long enough to say so to the chain, where its disk does not answer. */
  isAway(volume: Volume): boolean
  readonly looks: Looks
  /** Takes those that nobody writes to. */
  hold(): Promise<void>
  heldBack(volumes: readonly Volume[]): readonly HeldBack[]
}

/** A disk that slept, or a server that was busy, answers before. */
const SILENT_MAX_MS = 10_000

export function createKnownVolumes(
  home: Pick<ProviderFolders, 'root' | 'sectors' | 'pieces' | 'staging'>,
  config: () => VolumesConfig,
  homeId: string | undefined,
  looks: Looks,
): KnownVolumes {
  const standings = createStandings(homeId, looks)
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
    isAway: (volume) => {
      if (standings.of(volume) !== 'away') return false
      const silentMs = looks.silentMs(volume.path)
      if (silentMs > 0) return silentMs >= SILENT_MAX_MS
      // It may have been silent then, and have answered since.
      return standings.of(volume) === 'away' && looks.silentMs(volume.path) === 0
    },
    looks,
    hold: () => standings.hold(all()),
    heldBack: standings.heldBack,
  }
}

export function pathOn(volume: Volume, item: StoredItem): string {
  return join(volume.folders[item.kind], nameOf(item))
}
