/** Brings an item from one volume to another: copied whole and synced before it lies there, and what it was copied from stays. */
import { renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '@granary/base/node'
import { bytesUnder } from './bytes-under.ts'
import { copyDurably } from './copy-durably.ts'
import { type KnownVolumes, pathOn } from './known-volumes.ts'
import { sameItem } from './same-bytes.ts'
import { setAside } from './set-aside.ts'
import { itemNamed, MOVING, nameOf } from './stored-item.ts'
import type { Places } from './volume-places.ts'
import type { VolumeRooms } from './volume-rooms.ts'
import type { Volumes } from './volumes.ts'

export function createMoves(
  { all, isThere, isHeld, hold, looks }: KnownVolumes,
  places: Places,
  rooms: VolumeRooms,
): Pick<Volumes, 'misplaced' | 'move' | 'dropUnfinished'> {
  const { leftovers, leave } = places
  return {
    misplaced: (kind, role) => {
      const lacking = all().filter((volume) => !volume.roles.includes(role) && isThere(volume))
      return lacking.flatMap((volume) =>
        looks.names(volume.folders[kind]).flatMap((name) => {
          const item = itemNamed(kind, name)
          if (item === undefined) return []
          // By the folder: one that came back while this runs has what was not seen at the start.
          const id = places.seenOn(item) ?? places.volumeOf(item).id
          if (id === volume.id) return [item]
          if (!leftovers.has(pathOn(volume, item))) leave(volume, item)
          return []
        }),
      )
    },
    move: async (item, role, isWanted) => {
      await hold()
      const from = places.volumeOf(item)
      if (!isThere(from)) return
      const path = pathOn(from, item)
      using room = await rooms.keep(
        all().filter((volume) => volume.roles.includes(role) && volume.id !== from.id && isHeld(volume)),
        item,
        role,
        await bytesUnder(path),
      )
      const to = pathOn(room.volume, item)
      const copy = join(dirname(to), `${MOVING}${nameOf(item)}`)
      await rm(copy, { recursive: true, force: true })
      try {
        // It lay there before, most likely: the same is not brought there again.
        const isSame = looks.exists(to) && (await sameItem(path, to))
        if (!isSame) await copyDurably(path, copy)
        if (!isWanted()) return
        // It may be sounder than what was copied.
        if (!isSame && looks.exists(to)) await setAside(to)
        leftovers.delete(to)
        // Asked once more: nothing is waited for between this and the change.
        if (!isWanted() || !isThere(from) || !isHeld(room.volume)) return
        if (!isSame) renameSync(copy, to)
        else if (!looks.exists(to)) return
        places.liesOn(item, room.volume)
        leave(from, item)
        await syncFolder(dirname(to))
      } finally {
        await rm(copy, { recursive: true, force: true })
      }
    },
    dropUnfinished: async () => {
      await hold()
      for (const { folders } of all().filter(isHeld))
        for (const folder of [folders.sector, folders.piece])
          for (const name of looks.names(folder).filter((each) => each.startsWith(MOVING)))
            await rm(join(folder, name), { recursive: true, force: true })
    },
  }
}
