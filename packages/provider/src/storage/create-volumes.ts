/** Joins what makes up the port of `volumes.ts`: which volumes there are, what lies on which, what each has room for, and moves. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { moveFile } from '@granary/base/node'
import { type Looks, waitingLooks } from './disk-looks.ts'
import type { ProviderFolders } from './folders.ts'
import { createKnownVolumes, pathOn, type Volume } from './known-volumes.ts'
import { createMoves } from './move-items.ts'
import { ASIDE } from './set-aside.ts'
import { nameOf, type StoredItem } from './stored-item.ts'
import { createSweepMoved } from './sweep-moved.ts'
import { createVolumeFigures } from './volume-figures.ts'
import { createPlaces } from './volume-places.ts'
import { createVolumeRooms } from './volume-rooms.ts'
import type { Volumes, VolumesConfig } from './volumes.ts'

export interface VolumesOptions {
  /** Undefined: it has never run. */
  readonly homeId: string | undefined
  /** @default Date.now */
  readonly nowMs?: () => number
  /** At all that is not written. @default waits for each disk for as long as it takes */
  readonly looks?: Looks
}

export function createVolumes(
  home: Pick<ProviderFolders, 'root' | 'sectors' | 'pieces' | 'staging'>,
  config: () => VolumesConfig,
  { homeId, nowMs = Date.now, looks = waitingLooks }: VolumesOptions,
): Volumes {
  const known = createKnownVolumes(home, config, homeId, looks)
  const figures = createVolumeFigures(nowMs)
  const places = createPlaces(known, nowMs)
  const rooms = createVolumeRooms(known, figures, config)
  const { all, isThere, isHeld, isAway, hold } = known
  const { volumeOf, liesOn, forget } = places

  const awayVolumeOf = (item: StoredItem): Volume | undefined => {
    const lies = volumeOf(item)
    if (!isThere(lies)) return lies
    // After a start nothing tells on which one it was.
    return looks.exists(pathOn(lies, item)) ? undefined : all().find((volume) => !isThere(volume))
  }

  return {
    pathOf: (item) => {
      const volume = volumeOf(item)
      // Who opens something on a disk that hangs, hangs: there nothing is found, as on one that is gone.
      return looks.silentMs(volume.path) > 0 ? join(home.root, 'silent', nameOf(item)) : pathOn(volume, item)
    },
    exists: looks.exists,
    foldersOf: (kind) =>
      all()
        .filter(isThere)
        .map(({ folders }) => folders[kind]),
    heldFolders: async (kind) => {
      await hold()
      return all()
        .filter(isHeld)
        .map(({ folders }) => folders[kind])
    },
    stage: async (uploadId, bytes) => {
      await hold()
      const takers = all().filter((each) => each.roles.includes('unsealed') && isHeld(each))
      const item = uploadOf(uploadId)
      // Its room on the disk is taken as its bytes arrive.
      const { volume, letGo } = await rooms.keep(takers, item, 'unsealed', bytes)
      rooms.stage(uploadId, volume, bytes)
      letGo()
      liesOn(item, volume)
      await mkdir(volume.folders.upload).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      return pathOn(volume, item)
    },
    stagedBefore: (uploadId, bytes) => rooms.stage(uploadId, volumeOf(uploadOf(uploadId)), bytes),
    unstage: (uploadId) => {
      rooms.unstage(uploadId)
      forget(uploadOf(uploadId))
    },
    roomOf: (uploadId) => {
      const volume = volumeOf(uploadOf(uploadId))
      return isHeld(volume) ? rooms.ofUploads(volume) : 0
    },
    changed: async (item) => {
      const volume = volumeOf(item)
      if (isThere(volume)) await figures.count(volume, item.kind, [nameOf(item), ASIDE])
    },
    settle: async (uploadId, pieceCid) => {
      await hold()
      const [upload, piece] = [uploadOf(uploadId), { kind: 'piece', pieceCid } as const]
      const volume = volumeOf(upload)
      if (!isHeld(volume)) return false
      const before = volumeOf(piece)
      const to = pathOn(volume, piece)
      await moveFile(pathOn(volume, upload), to)
      places.leftovers.delete(to)
      liesOn(piece, volume)
      if (before.id !== volume.id && isThere(before) && looks.exists(pathOn(before, piece))) places.leave(before, piece)
      rooms.unstage(uploadId)
      forget(upload)
      await figures.count(volume, 'piece', [nameOf(piece)])
      await figures.count(volume, 'upload', [uploadId])
      return true
    },
    reserve: async (item, role, bytes) => {
      await hold()
      const lies = volumeOf(item)
      const isPlaced = isThere(lies) && looks.exists(pathOn(lies, item))
      const takers = (isPlaced ? [lies] : all().filter((each) => each.roles.includes(role))).filter(isHeld)
      const { volume, letGo: _, ...room } = await rooms.keep(takers, item, role, bytes)
      liesOn(item, volume)
      return { ...room, path: pathOn(volume, item) }
    },
    ...createMoves(known, places, rooms),
    sweepMoved: createSweepMoved(known, places, figures, nowMs),
    freeBytes: rooms.freeBytes,
    mayChange: (item) => isHeld(volumeOf(item)),
    awayFor: (item) => awayVolumeOf(item)?.path,
    isSilent: (item) => {
      const volume = awayVolumeOf(item)
      return volume !== undefined && looks.silentMs(volume.path) > 0 && !isAway(volume)
    },
    away: () =>
      all()
        .filter(isAway)
        .map(({ path }) => path),
    heldBack: () => known.heldBack(all()),
    usage: () =>
      Promise.all(
        all().map(async (volume) => {
          const { path, roles, capacityBytes = null, weight } = volume
          const there = isThere(volume)
          const bytes = there ? await figures.of(volume) : { sector: 0, piece: 0, upload: 0 }
          const freeBytes = there ? Math.max(0, rooms.on(volume)) : 0
          return { ...{ path, roles, capacityBytes, weight, isThere: there }, bytes: { ...bytes }, freeBytes }
        }),
      ),
  }
}

function uploadOf(uploadId: string): StoredItem & { readonly kind: 'upload' } {
  return { kind: 'upload', uploadId }
}
