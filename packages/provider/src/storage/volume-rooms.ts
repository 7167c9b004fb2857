/** What each volume has room for: its disk without the reserve, within its capacity, without what others have been promised. */
import { GranaryError } from '@granary/base'
import { reserveOf } from './disk-reserve.ts'
import type { KnownVolumes, Volume } from './known-volumes.ts'
import { nameOf, type StoredItem } from './stored-item.ts'
import type { VolumeFigures } from './volume-figures.ts'
import type { VolumeRole, VolumesConfig } from './volumes.ts'

export interface KeptRoom extends Disposable {
  readonly volume: Volume
  /** At once; disposed of, it is let go when what was written in it is counted. */
  letGo(): void
}

export interface VolumeRooms {
  /**
   * On the one of them with the most room, by their weights.
   * @throws VolumesFullError DISK_FULL
   */
  keep(takers: readonly Volume[], item: StoredItem, role: VolumeRole, bytes: number): Promise<KeptRoom>
  /** An upload is under way there, which will be as long as that. */
  stage(uploadId: string, volume: Volume, bytes: number): void
  unstage(uploadId: string): void
  /** For the bytes of uploads that were opened there. */
  ofUploads(volume: Volume): number
  /** Its disk's, and no more than its capacity leaves. */
  on(volume: Volume): number
  /**
   * On all disks together, for what takes one part unsealed and two sealed, so that a sector can still be sealed beside it.
   * @param sealBytes: what sealing one takes until it is proven, which is several times what stays of it
   */
  freeBytes(sealBytes: number): number
}

/** A volume that has no room for something is walked anew, unless it was just now. */
const COUNTED_LATELY_MS = 60_000
/** What stays. */
const STORING: readonly VolumeRole[] = ['replicas', 'unsealed']
/** Of a deal's bytes, unsealed and sealed: the part of the whole that is unsealed, and that is sealed. */
const UNSEALED_OF = 3
const SEALED_OF = 3 / 2

export function createVolumeRooms(
  { all, isThere, heldBack, looks }: KnownVolumes,
  figures: VolumeFigures,
  config: () => VolumesConfig,
): VolumeRooms {
  /** On each disk, also when that is gone meanwhile. */
  const held = new Set<{ readonly volume: Volume; readonly disk: number; readonly bytes: number }>()
  /** Uploads that are under way, with what each will be. */
  const staged = new Map<string, { readonly volumeId: string; readonly bytes: number }>()

  /** Without the reserve and what is kept for others on the same disk. */
  function freeOn(volume: Volume): number {
    const { bytes, freeBytes, device } = looks.room(volume.path)
    return freeBytes - (config().diskReserveBytes ?? reserveOf(bytes)) - heldOn(device)
  }

  /** Of its capacity; uploads have all that they will be. Before it is counted only its disk bounds it. */
  function capacityLeft({ id, capacityBytes, folders }: Volume): number {
    const counted = figures.known({ id, folders })
    if (capacityBytes === undefined || counted === undefined) return Number.POSITIVE_INFINITY
    const kept = sumOf([...held].filter(({ volume }) => volume.id === id).map(({ bytes }) => bytes))
    return capacityBytes - counted.sector - counted.piece - Math.max(counted.upload, comingTo(id)) - kept
  }

  function roomOn(volume: Volume): number {
    return Math.min(freeOn(volume), capacityLeft(volume))
  }

  function heldOn(disk: number): number {
    return sumOf([...held].filter((each) => each.disk === disk).map(({ bytes }) => bytes))
  }

  function comingTo(volumeId: string): number {
    return sumOf([...staged.values()].filter((each) => each.volumeId === volumeId).map(({ bytes }) => bytes))
  }

  async function count(volumes: readonly Volume[], atMostMs: number): Promise<void> {
    for (const volume of volumes) if (volume.capacityBytes !== undefined) await figures.of(volume, atMostMs)
  }

  function disksFor(roles: readonly VolumeRole[]): Map<number, Volume[]> {
    const taking = all().filter((volume) => volume.roles.some((role) => roles.includes(role)))
    const able = taking.filter((volume) => isThere(volume) && heldBack([volume]).length === 0)
    return Map.groupBy(able, ({ path }) => looks.room(path).device)
  }

  /** Two volumes of one disk have its room once. */
  function freeOnDisk(on: readonly Volume[]): number {
    return Math.min(Math.max(0, freeOn(on[0]!)), sumOf(on.map((each) => Math.max(0, roomOn(each)))))
  }

  function freeFor(roles: readonly VolumeRole[]): number {
    return sumOf([...disksFor(roles).values()].map(freeOnDisk))
  }

  /** Of the room for what is stored, what has to stay free for the next sector; undefined: none could be sealed. */
  function keptForSealing(sealBytes: number): number | undefined {
    const storing = disksFor(STORING)
    const sealing = [...disksFor(['sealing'])].map(([disk, on]) => {
      const heldBytes = heldOn(disk)
      return { disk, heldBytes, room: freeOnDisk(on) + heldBytes }
    })
    if (!sealing.some(({ room }) => room > 0 && room >= sealBytes)) return undefined
    return sumOf(
      sealing
        .filter(({ disk }) => storing.has(disk))
        .map(({ room, heldBytes }) => Math.max(0, Math.min(room, sealBytes) - heldBytes)),
    )
  }

  return {
    keep: async (takers, item, role, bytes) => {
      // Nobody is refused by a figure that may be old.
      for (const atMostMs of [Number.POSITIVE_INFINITY, COUNTED_LATELY_MS]) {
        await count(takers, atMostMs)
        // Nothing is waited for from here on: what others have kept meanwhile counts.
        const best = takers
          .map((volume) => ({ volume, room: roomOn(volume) }))
          .filter(({ room }) => room >= bytes)
          .map(({ volume, room }) => ({ volume, worth: (room - comingTo(volume.id)) * volume.weight }))
          .toSorted((a, b) => b.worth - a.worth)[0]?.volume
        if (best === undefined) continue
        const hold = { volume: best, disk: looks.room(best.path).device, bytes }
        held.add(hold)
        const letGo = (): void => void held.delete(hold)
        const dispose = (): void => {
          // What was written in it is counted before it is let go, where it counts.
          const counted = figures.count(best, item.kind, [nameOf(item)]).catch(() => {})
          if (best.capacityBytes === undefined) letGo()
          else void counted.finally(letGo)
        }
        return { volume: best, letGo, [Symbol.dispose]: dispose }
      }
      throw new VolumesFullError(
        role,
        bytes,
        takers.map((volume) => ({ path: volume.path, room: roomOn(volume) })),
        takers.some((volume) => heldOn(looks.room(volume.path).device) > 0),
      )
    },
    stage: (uploadId, { id }, bytes) => void staged.set(uploadId, { volumeId: id, bytes }),
    unstage: (uploadId) => void staged.delete(uploadId),
    // Of the capacity all that each will be was taken when it was opened; that may be less since.
    ofUploads: (volume) => (capacityLeft(volume) < 0 ? 0 : freeOn(volume)),
    on: roomOn,
    freeBytes: (sealBytes) => {
      const kept = keptForSealing(sealBytes)
      if (kept === undefined) return 0
      const [both, unsealed, sealed] = [freeFor(STORING) - kept, freeFor(['unsealed']), freeFor(['replicas'])]
      return Math.max(0, Math.min(both, unsealed * UNSEALED_OF, sealed * SEALED_OF))
    },
  }
}

/** DISK_FULL: an outage, which whoever wanted the room waits for. */
export class VolumesFullError extends GranaryError {
  /** On the one that has most. */
  readonly freeBytes: number
  /** Others are writing there, in room that was promised to them, and may leave some of it. */
  readonly isTaken: boolean

  constructor(
    role: VolumeRole,
    neededBytes: number,
    rooms: readonly { readonly path: string; readonly room: number }[],
    isTaken = false,
  ) {
    const freeBytes = Math.max(0, ...rooms.map(({ room }) => room))
    const found = rooms.map(({ path, room }) => `${path} has ${Math.max(0, room)} left`).join(', ')
    super({
      code: 'DISK_FULL',
      message: `${neededBytes} bytes are needed on a volume for ${role}, beside the reserve: ${found || 'there is none'}`,
      hint: 'Make room there, or add a volume: `granary provider volumes add`. What waits for it goes on by itself.',
      retryable: true,
      details: { role, neededBytes, freeBytes },
    })
    this.freeBytes = freeBytes
    this.isTaken = isTaken
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0)
}
