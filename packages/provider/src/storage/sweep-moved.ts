/** What was moved away is removed, or goes aside, once nobody can be reading it and its judge says so. */
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '@granary/base/node'
import type { DiskLooks } from './disk-looks.ts'
import { type KnownVolumes, pathOn } from './known-volumes.ts'
import { ASIDE, setAside } from './set-aside.ts'
import { nameOf } from './stored-item.ts'
import type { VolumeFigures } from './volume-figures.ts'
import type { Places } from './volume-places.ts'
import type { Volumes } from './volumes.ts'

/** Longer than any answer that was begun before may read it. */
const MOVED_KEPT_MS = 10 * 60_000

export function createSweepMoved(
  { all, isHeld, hold, looks }: KnownVolumes,
  { leftovers, volumeOf }: Places,
  figures: VolumeFigures,
  nowMs: () => number,
): Volumes['sweepMoved'] {
  return async (judge) => {
    await hold()
    for (const [path, { item, volumeId, atMs }] of leftovers) {
      if (nowMs() < atMs + MOVED_KEPT_MS) continue
      const volume = all().find(({ id }) => id === volumeId)
      // Another disk may be in its place, with what is named alike.
      if (volume === undefined || !isHeld(volume) || pathOn(volume, item) !== path) continue
      const place = pathOn(volumeOf(item), item)
      const isOwn = path === place || isSameFile(looks, path, place)
      const verdict = await judge(item, path, isOwn ? undefined : place)
      // To look at it takes reading all of it: not again at once.
      if (verdict === 'needed' && !isOwn) leftovers.set(path, { item, volumeId, atMs: nowMs() })
      else leftovers.delete(path)
      if (!isHeld(volume) || !looks.exists(path)) continue
      if (verdict === 'over') await setAside(path).then(() => figures.count(volume, item.kind, [nameOf(item), ASIDE]))
      if (verdict !== 'spare') continue
      // The name of the copy, too, is to be on its disk before this goes.
      await syncFolder(dirname(place))
      await rm(path, { recursive: true, force: true })
      await figures.count(volume, item.kind, [nameOf(item)])
    }
  }
}

/** By whatever paths: links may lead from one volume into another. */
function isSameFile(looks: DiskLooks, one: string, other: string): boolean {
  const file = looks.file(one)
  return file !== undefined && file === looks.file(other)
}
