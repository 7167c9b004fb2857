/**
 * Whose the volumes are at this moment, by their records: those that this process may write to, those that it only reads, and
 * those that are not there (docs/adr/0066-whose-a-volume-is.md).
 */
import { randomUUID } from 'node:crypto'
import type { DiskLooks } from './disk-looks.ts'
import { holdVolume, readVolumeRecord } from './volume-record.ts'

/** `free`: nobody writes to it yet. */
export type Standing = 'held' | 'free' | 'taken' | 'away'

/**
 * A volume that is there, and that nothing is written to or removed from. `taken`: another home of the owner, or another
 * process of this home, which was copied, has it since. `read-only`: its disk takes no writes.
 */
export interface HeldBack {
  readonly path: string
  readonly why: 'taken' | 'read-only'
}

interface NamedVolume {
  readonly path: string
  readonly id: string
}

export interface Standings {
  of(volume: NamedVolume): Standing
  /** Writes the name of this process into the records of those that are free. */
  hold(volumes: readonly NamedVolume[]): Promise<void>
  heldBack(volumes: readonly NamedVolume[]): readonly HeldBack[]
}

/** The home's own volume: it is where its store is, which one process at a time opens. */
export const HOME = 'home'

/** @param home its id; undefined: it has never run */
export function createStandings(home: string | undefined, looks: DiskLooks): Standings {
  const run = randomUUID()
  /** Ids of the volumes that this process has, or had until another took them. */
  const taken = new Set<string>()
  /** Ids of those that did not take its name. */
  const unwritable = new Set<string>()

  const of = ({ path, id }: NamedVolume): Standing => {
    if (id === HOME) return 'held'
    const record = readVolumeRecord(path, looks)
    // Where its disk is not mounted an empty folder is left.
    if (record?.id !== id) return 'away'
    if (record.home !== undefined && record.home !== home) return 'taken'
    if (record.run !== run) return taken.has(id) && record.run !== undefined ? 'taken' : 'free'
    return looks.isWritable(path) ? 'held' : 'free'
  }

  return {
    of,
    hold: async (volumes) => {
      if (home === undefined) return
      for (const volume of volumes.filter((each) => of(each) === 'free'))
        try {
          await holdVolume(volume.path, { home, run }, looks)
          taken.add(volume.id)
          unwritable.delete(volume.id)
        } catch {
          // Its disk is full, or does not take writes: what is on it is read all the same.
          unwritable.add(volume.id)
        }
    },
    heldBack: (volumes) =>
      volumes.flatMap((volume): HeldBack[] => {
        const standing = of(volume)
        if (standing === 'taken') return [{ path: volume.path, why: 'taken' }]
        return standing === 'free' && unwritable.has(volume.id) ? [{ path: volume.path, why: 'read-only' }] : []
      }),
  }
}
