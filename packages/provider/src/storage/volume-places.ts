/** Which volume an item lies on, and where it lay before it was moved: found at the start, and remembered while the process runs. */
import { join } from 'node:path'
import type { DiskLooks } from './disk-looks.ts'
import { type KnownVolumes, pathOn, type Volume } from './known-volumes.ts'
import { itemNamed, keyOf, type StoredItem } from './stored-item.ts'
import type { VolumeRole } from './volumes.ts'

export interface Leftover {
  readonly item: StoredItem
  /** In its place another one may be since. */
  readonly volumeId: string
  readonly atMs: number
}

export interface Places {
  volumeOf(item: StoredItem): Volume
  /** The id of the one where it was last seen, without looking there. */
  seenOn(item: StoredItem): string | undefined
  liesOn(item: StoredItem, volume: Volume): void
  forget(item: StoredItem): void
  /** What was moved, by where it lay. */
  readonly leftovers: Map<string, Leftover>
  /** What lies there is a copy too many from now on. */
  leave(volume: Volume, item: StoredItem): void
}

export function createPlaces({ all, own, isThere, looks }: KnownVolumes, nowMs: () => number): Places {
  /** The id of the volume where it was last seen, so that what was on one is known when it is gone. */
  const seenOn = new Map<string, string>()
  const leftovers = new Map<string, Leftover>()

  function leave(volume: Volume, item: StoredItem): void {
    leftovers.set(pathOn(volume, item), { item, volumeId: volume.id, atMs: nowMs() })
  }

  for (const [kind, role] of [
    ['sector', 'replicas'],
    ['piece', 'unsealed'],
  ] as const)
    for (const volume of all()
      .filter(isThere)
      .toSorted((a, b) => rank(a, role) - rank(b, role)))
      for (const name of looks.names(volume.folders[kind])) {
        const item = itemNamed(kind, name)
        if (item === undefined) continue
        // Where it lies twice it has been moved, most likely: the other goes once this one is known to be whole.
        const seen = all().find(({ id }) => id === seenOn.get(keyOf(item)))
        if (seen !== undefined && stageOf(looks, pathOn(seen, item)) >= stageOf(looks, pathOn(volume, item)))
          leave(volume, item)
        else {
          if (seen !== undefined) leave(seen, item)
          seenOn.set(keyOf(item), volume.id)
        }
      }

  return {
    volumeOf: (item) => {
      const key = keyOf(item)
      const volumes = all()
      const seen = volumes.find(({ id }) => id === seenOn.get(key))
      if (seen !== undefined && (!isThere(seen) || looks.exists(pathOn(seen, item)))) return seen
      const found = volumes.find((volume) => isThere(volume) && looks.exists(pathOn(volume, item)))
      if (found !== undefined) seenOn.set(key, found.id)
      return found ?? seen ?? own()
    },
    seenOn: (item) => seenOn.get(keyOf(item)),
    liesOn: (item, { id }) => void seenOn.set(keyOf(item), id),
    forget: (item) => void seenOn.delete(keyOf(item)),
    leftovers,
    leave,
  }
}

function rank({ roles }: Volume, role: VolumeRole): number {
  return roles.includes(role) ? 0 : 1
}

/** How far the sealing of a sector has come there: a disk that was away comes back with what it had. */
function stageOf(looks: DiskLooks, path: string): number {
  try {
    const { state } = JSON.parse(looks.text(join(path, 'manifest.json')) ?? '') as { state?: unknown }
    return ['sealing', 'sealed', 'finalized'].indexOf(String(state))
  } catch {
    return -1
  }
}
