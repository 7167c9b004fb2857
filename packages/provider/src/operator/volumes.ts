/** The volumes of a home: what they hold, read from their disks, and what config.json is to say of them. */
import { statSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { GranaryError } from '@granary/base'
import { readKeyAddress } from '@granary/chain/keystore'
import { readConfig } from '../config.ts'
import { createVolumes } from '../storage/create-volumes.ts'
import { diskLooks } from '../storage/disk-looks.ts'
import { type ProviderFolders, providerFolders } from '../storage/folders.ts'
import { lookApart, looksWithout, type SeenVolume, takesWrites, volumeBehind } from '../storage/look-apart.ts'
import { ASIDE, isStampedAside } from '../storage/set-aside.ts'
import { makeVolume, mendVolume, readVolumeRecord, releaseVolume, VolumeFolderError } from '../storage/volume-record.ts'
import { type VolumeRole, type VolumeUsage, volumeRoles } from '../storage/volumes.ts'
import { readWitness } from '../storage/witness.ts'

/** The home's own volume, as it is named beside the paths of others. */
export const HOME_VOLUME = 'home'

export type VolumeChanges = Readonly<Record<string, unknown>>

export interface Detached {
  readonly changes: VolumeChanges
  /** Once nothing names it any more: any home of the owner may have it then. Where its disk takes no writes it stays this one's. */
  release(): Promise<void>
}

export interface VolumeTerms {
  readonly roles?: readonly VolumeRole[] | undefined
  readonly capacityBytes?: number | undefined
  readonly weight?: number | undefined
}

export class VolumeUnknownError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'VOLUME_UNKNOWN',
      message: `${path} is no volume of this provider`,
      hint: '`granary provider volumes` lists them',
      details: { path },
    })
  }
}

export class VolumeInUseError extends GranaryError {
  constructor(path: string, why: string, hint: string) {
    super({ code: 'VOLUME_REFUSED', message: `${path} stays: ${why}`, hint, details: { path } })
  }
}

/** Counted on the disks. @throws HomeMissingError, ConfigError */
export async function readVolumes(home: string): Promise<VolumeUsage[]> {
  const folders = providerFolders(home)
  const config = await readConfig(folders.config)
  const paths = config.volumes.map(({ path }) => path)
  const seen = await Promise.all(paths.map((path) => lookApart(path, ASIDE)))
  const looks = looksWithout(paths.filter((_, index) => seen[index] === undefined))
  return await createVolumes(folders, () => config, { homeId: homeIdIn(folders), looks }).usage()
}

/**
 * Makes a volume of an empty folder, or takes back one; with `home`, says what the home is for.
 * @throws VolumeFolderError VOLUME_REFUSED, VolumeForeignError VOLUME_FOREIGN
 */
export async function addVolume(home: string, path: string, terms: VolumeTerms): Promise<VolumeChanges> {
  if (path === HOME_VOLUME) return { homeRoles: terms.roles ?? volumeRoles }
  const folders = providerFolders(home)
  const { volumes, owner } = await readConfig(folders.config)
  const named = resolve(path)
  const seen = await lookApart(named, ASIDE)
  if (seen === undefined) throw new VolumeFolderError(named, 'its disk does not answer')
  const at = await realpath(named).catch(() => named)
  await requireApart(home, { at, folder: seen.folder }, volumes)
  const account = owner ?? (await readKeyAddress(folders.ownerKey)) ?? ''
  const before = volumes.find((each) => each.path === at)
  if (
    before !== undefined &&
    readVolumeRecord(at)?.id !== before.id &&
    !(await mendVolume(at, { id: before.id, owner: account, home: homeIdIn(folders) }))
  )
    throw new VolumeInUseError(
      at,
      'it is a volume already, whose disk is not there',
      'bring its disk back, or forget it first: `granary provider volumes detach --lost`',
    )
  const { id } = await makeVolume(at, account, homeIdIn(folders))
  const others = volumes.filter((each) => each.id !== id && each.path !== at)
  // Mounted elsewhere it is for what it was for.
  const moved = volumes.find((each) => each.id === id && each.path !== at)
  const { roles = moved?.roles ?? volumeRoles, capacityBytes = moved?.capacityBytes } = terms
  const { weight = moved?.weight ?? 1 } = terms
  return { volumes: [...others, { path: at, id, roles, capacityBytes, weight }] }
}

/** It takes nothing more, and what it has goes to others while the provider runs. */
export async function drainVolume(home: string, path: string): Promise<VolumeChanges> {
  if (path === HOME_VOLUME) return { homeRoles: [] }
  const { volumes, at } = await findVolume(home, path)
  return { volumes: volumes.map((each) => (each.path === at ? { ...each, roles: [] } : each)) }
}

/**
 * @param isLost: it will not come back, or takes no writes any more: its sectors are sealed again from their pieces, where there is room for it
 * @throws VolumeUnknownError VOLUME_UNKNOWN, VolumeInUseError VOLUME_REFUSED
 */
export async function detachVolume(home: string, path: string, isLost: boolean): Promise<Detached> {
  const { volumes, at, id } = await findVolume(home, path)
  const seen = await lookApart(at, ASIDE)
  const record = readVolumeRecord(at, { ...diskLooks, text: () => seen?.record ?? undefined })
  const isThere = record?.id === id
  const held = isThere ? countOf(seen) : 0
  const aside = isThere ? asideOf(seen) : []
  const changes = { volumes: volumes.filter((each) => each.path !== at) }
  // What cannot be removed from it does not keep it: nothing more is asked of such a disk.
  if (isThere && isLost && !(await takesWrites(at))) return { changes, release: async () => {} }
  // What is on it is no concern of this home.
  if (isThere && record.home !== undefined && record.home !== homeIdIn(providerFolders(home)))
    return { changes, release: async () => {} }
  if (!isThere && !isLost)
    throw new VolumeInUseError(
      path,
      'it cannot be reached, so nothing tells what is on it',
      'bring its disk back, or say --lost: what was on it is made again then, where that can be done',
    )
  if (held > 0)
    throw new VolumeInUseError(
      path,
      `${held} sectors, pieces and uploads are on it`,
      'drain it first (`granary provider volumes drain`), and let the provider run; what was moved away is removed ten minutes later. Of a disk that takes no writes nothing can be removed: say --lost then',
    )
  if (aside.length > 0 && !isLost)
    throw new VolumeInUseError(
      path,
      `${aside.length} files and folders are kept aside on it, which would go with the disk: ${join(at, aside[0] ?? '')}`,
      'look at them, and move away what you want to keep; those that stay are removed a month after they were set aside. --lost lets them go with the disk',
    )
  return { changes, release: () => (isThere ? releaseVolume(at).catch(() => {}) : Promise.resolve()) }
}

/** Undefined for one that has never run. */
function homeIdIn({ homeRecord }: ProviderFolders): string | undefined {
  return readWitness(homeRecord)?.homeId
}

/** By its path, or by another path of the same folder. */
async function findVolume(home: string, path: string) {
  const { volumes } = await readConfig(providerFolders(home).config)
  const found =
    volumes.find((each) => [path, resolve(path)].includes(each.path)) ?? (await linked()) ?? (await sameFolder())
  if (found === undefined) throw new VolumeUnknownError(path)
  return { volumes, at: found.path, id: found.id }

  async function linked(): Promise<(typeof volumes)[number] | undefined> {
    const paths = volumes.map((each) => each.path)
    const behind = await volumeBehind(resolve(path), paths)
    return volumes.find((each) => each.path === behind)
  }

  async function sameFolder(): Promise<(typeof volumes)[number] | undefined> {
    const [named, ...others] = await Promise.all(
      [resolve(path), ...volumes.map((each) => each.path)].map((each) => lookApart(each, ASIDE)),
    )
    if (typeof named?.folder !== 'string') return undefined
    return volumes[others.findIndex((each) => each?.folder === named.folder)]
  }
}

/** One in another would count its bytes twice, and be drained into itself. */
async function requireApart(
  home: string,
  { at, folder }: { readonly at: string; readonly folder: string | null },
  volumes: readonly { readonly path: string }[],
): Promise<void> {
  const folders = providerFolders(home)
  const own = await realpath(folders.root)
  for (const path of [own, ...volumes.map((each) => each.path)]) {
    if (path !== at && (isIn(path, at) || isIn(at, path)))
      throw new VolumeInUseError(
        at,
        `${path} is a volume already`,
        'name a folder that is in no other volume, and holds none',
      )
    // Mounted a second time a folder has another path.
    const inside = path === own ? Object.values(folders).map(folderAt) : (await lookApart(path, ASIDE))?.inside
    if (path !== at && folder !== null && inside?.includes(folder))
      throw new VolumeInUseError(at, `it is a folder of ${path}, mounted once more`, 'name a folder of its own')
    if (path === own && at === own) throw new VolumeInUseError(at, 'it is the home', 'name it `home`')
  }
}

function isIn(path: string, folder: string): boolean {
  for (let at = path; dirname(at) !== at; at = dirname(at)) if (dirname(at) === folder) return true
  return false
}

/** As a look apart says it. */
function folderAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.dev}/${found.ino}`
}

function countOf(seen: SeenVolume | undefined): number {
  const { sectors = [], pieces = [], staging = [] } = seen?.names ?? {}
  return [
    ...sectors.filter((name) => /^\d+$/.test(name)),
    ...pieces.filter((name) => name.endsWith('.car')),
    ...staging.filter((name) => name !== ASIDE),
  ].length
}

/** Paths below the volume of what was set aside there. */
function asideOf(seen: SeenVolume | undefined): string[] {
  return (seen?.aside ?? []).filter((path) => isStampedAside(basename(path)))
}
