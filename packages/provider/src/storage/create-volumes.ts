/**
 * Where what a provider stores lies on its disks: its sectors, its unsealed pieces, and what is being uploaded. Every path of one of
 * them comes from here. The first volume is the home's own; others are folders on other disks, each with a record of its own
 * (`volume-record.ts`) by which it is told from the empty folder that it is mounted over. What lies where is what lies there:
 * nothing else says so, and a store that is made anew finds it (docs/adr/0059-volumes.md).
 */
import { existsSync, readdirSync, readFileSync, renameSync, statfsSync, statSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GranaryError } from '@granary/base'
import { moveFile, syncFolder } from '@granary/base/node'
import { bytesUnder } from './bytes-under.ts'
import { copyDurably } from './copy-durably.ts'
import { diskReserve } from './disk-reserve.ts'
import type { ProviderFolders } from './folders.ts'
import { ASIDE, setAside } from './set-aside.ts'
import { createVolumeFigures } from './volume-figures.ts'
import { volumeFolders } from './volume-record.ts'
import { createStandings, type HeldBack, HOME } from './volume-standing.ts'

export type StoredItem =
  /** A folder. */
  | { readonly kind: 'sector'; readonly number: number }
  | { readonly kind: 'piece'; readonly pieceCid: string }
  | { readonly kind: 'upload'; readonly uploadId: string }

/** `sealing`: sectors until they are proven; `replicas`: sectors that are; `unsealed`: pieces as clients sent them, and uploads. */
export const volumeRoles = ['sealing', 'replicas', 'unsealed'] as const
export type VolumeRole = (typeof volumeRoles)[number]

export interface VolumeConfig {
  readonly path: string
  /** Of its record. */
  readonly id: string
  /** What comes to it; none: it takes nothing more, and what it has goes to others. */
  readonly roles: readonly VolumeRole[]
  /** Of what is stored there; undefined: as much as the disk has. */
  readonly capacityBytes?: number | undefined
  /** How much of what comes it takes, against others with as much room. */
  readonly weight: number
}

export interface VolumesConfig {
  readonly homeRoles: readonly VolumeRole[]
  readonly volumes: readonly VolumeConfig[]
  /** Kept free on each disk; undefined: by default. */
  readonly diskReserveBytes?: number | undefined
}

export interface Room extends Disposable {
  readonly path: string
}

/** `spare`: nothing is lost with it; `over`: nobody needs it any more, and it is kept aside for a month. */
export type Verdict = 'spare' | 'over' | 'needed'

export interface VolumeUsage {
  readonly path: string
  readonly roles: readonly VolumeRole[]
  readonly isThere: boolean
  /** As `du` counts. */
  readonly bytes: Readonly<Record<StoredItem['kind'], number>>
  /** For more of it: without the reserve, within its capacity. */
  readonly freeBytes: number
  readonly capacityBytes: number | null
  readonly weight: number
}

export interface Volumes {
  pathOf(item: StoredItem): string
  /** Everything of a kind that is there lies in one of these. */
  foldersOf(kind: StoredItem['kind']): readonly string[]
  /** Of these, those that this process may write to and remove from: it has them from then on. */
  heldFolders(kind: StoredItem['kind']): Promise<readonly string[]>
  /**
   * Chooses the volume whose disk takes the upload and, when it is agreed on, the piece; its room is taken as its bytes arrive.
   * @returns where its file is to be
   * @throws VolumesFullError DISK_FULL
   */
  stage(uploadId: string, bytes: number): Promise<string>
  /** One that a start has found. */
  stagedBefore(uploadId: string, bytes: number): void
  /** What the volume has left on which it lies. */
  roomOf(uploadId: string): number
  /**
   * The upload becomes the piece by another name on the same disk. Where the piece lay before it is a copy too many from then on.
   * @returns false while nothing may be written there
   */
  settle(uploadId: string, pieceCid: string): Promise<boolean>
  /** It is no upload any more. */
  unstage(uploadId: string): void
  /** Something was removed or set aside where it lies: that is counted anew. */
  changed(item: StoredItem): Promise<void>
  /**
   * Keeps room for what is about to be written, where the item lies, or else on a volume of that role; until it is let go.
   * @throws DiskFaultError DISK_FULL no volume has so much
   */
  reserve(item: StoredItem, role: VolumeRole, bytes: number): Promise<Room>
  /** Of a kind, what lies on a volume that has not that role: it belongs on another one. */
  misplaced(kind: 'sector' | 'piece', role: VolumeRole): readonly StoredItem[]
  /**
   * Copies it to a volume of that role, where it lies from then on. What was copied stays for a while: it may be being read.
   * @param isWanted: asked when the copy is whole; if not, that is removed and nothing has changed
   * @throws DiskFaultError DISK_FULL
   */
  move(item: StoredItem, role: VolumeRole, isWanted: () => boolean): Promise<void>
  /**
   * Looks at what was moved away long enough ago.
   * @param judge: told where it lies now; undefined: what was moved away is that itself, since the other is gone or is the same file
   */
  sweepMoved(judge: (item: StoredItem, moved: string, place: string | undefined) => Promise<Verdict>): Promise<void>
  /** Removes what a kill has left of moves: only while nothing is moved. What it was copied from is where it was. */
  dropUnfinished(): Promise<void>
  /** On all disks together, for what takes one part unsealed and two sealed. */
  freeBytes(): number
  /** The volume that the item is on, or may be on, when that cannot be reached now or is another's. */
  awayFor(item: StoredItem): string | undefined
  /** Volumes that cannot be reached now. */
  away(): readonly string[]
  heldBack(): readonly HeldBack[]
  usage(): Promise<VolumeUsage[]>
}

interface Volume extends VolumeConfig {
  readonly folders: Readonly<Record<StoredItem['kind'], string>>
}

const MOVING = 'moving-'
/** A volume that has no room for something is walked anew, unless it was just now. */
const COUNTED_LATELY_MS = 60_000
/** Longer than any answer that was begun before may read it. */
const MOVED_KEPT_MS = 10 * 60_000
/** Of a deal's bytes, unsealed and sealed: the part of the whole that is unsealed, and that is sealed. */
const UNSEALED_OF = 3
const SEALED_OF = 3 / 2

export interface VolumesOptions {
  /** Undefined: it has never run. */
  readonly homeId: string | undefined
  /** @default Date.now */
  readonly nowMs?: () => number
}

export function createVolumes(
  home: Pick<ProviderFolders, 'root' | 'sectors' | 'pieces' | 'staging'>,
  config: () => VolumesConfig,
  { homeId, nowMs = Date.now }: VolumesOptions,
): Volumes {
  const standings = createStandings(homeId)
  const figures = createVolumeFigures(nowMs)
  const own = (): Volume => ({
    ...{ path: home.root, id: HOME, roles: config().homeRoles, weight: 1 },
    folders: { sector: home.sectors, piece: home.pieces, upload: home.staging },
  })
  const all = (): Volume[] => [
    own(),
    ...config().volumes.map((each) => ({ ...each, folders: volumeFolders(each.path) })),
  ]
  /** The id of the volume where it was last seen, so that what was on one is known when it is gone. */
  const seenOn = new Map<string, string>()
  /** On each disk, also when that is gone meanwhile. */
  const held = new Set<{ readonly volume: Volume; readonly disk: number; readonly bytes: number }>()
  /** Uploads that are under way, with what each will be. */
  const staged = new Map<string, { readonly volumeId: string; readonly bytes: number }>()

  /** What was moved, by where it lay: with when that was, and the id of the volume, in whose place another one may be since. */
  const leftovers = new Map<string, { readonly item: StoredItem; readonly volumeId: string; readonly atMs: number }>()

  function isThere(volume: Volume): boolean {
    const standing = standings.of(volume)
    return standing === 'held' || standing === 'free'
  }

  function isHeld(volume: Volume): boolean {
    return standings.of(volume) === 'held'
  }

  const hold = (): Promise<void> => standings.hold(all())

  for (const [kind, role] of [
    ['sector', 'replicas'],
    ['piece', 'unsealed'],
  ] as const)
    for (const volume of all()
      .filter(isThere)
      .toSorted((a, b) => rank(a, role) - rank(b, role)))
      for (const name of namesIn(volume.folders[kind])) {
        const item = itemNamed(kind, name)
        if (item === undefined) continue
        // Where it lies twice it has been moved, most likely: the other goes once this one is known to be whole.
        const seen = all().find(({ id }) => id === seenOn.get(keyOf(item)))
        if (seen !== undefined && stageOf(pathOn(seen, item)) >= stageOf(pathOn(volume, item))) leave(volume, item)
        else {
          if (seen !== undefined) leave(seen, item)
          seenOn.set(keyOf(item), volume.id)
        }
      }

  function leave(volume: Volume, item: StoredItem): void {
    leftovers.set(pathOn(volume, item), { item, volumeId: volume.id, atMs: nowMs() })
  }

  function volumeOf(item: StoredItem): Volume {
    const key = keyOf(item)
    const volumes = all()
    const seen = volumes.find(({ id }) => id === seenOn.get(key))
    if (seen !== undefined && (!isThere(seen) || existsSync(pathOn(seen, item)))) return seen
    const found = volumes.find((volume) => isThere(volume) && existsSync(pathOn(volume, item)))
    if (found !== undefined) seenOn.set(key, found.id)
    return found ?? seen ?? own()
  }

  /** Without the reserve and what is kept for others on the same disk. */
  function freeOn(volume: Volume): number {
    const { bavail, bsize } = statfsSync(volume.path)
    const disk = deviceOf(volume)
    const kept = sumOf([...held].filter((each) => each.disk === disk).map(({ bytes }) => bytes))
    return bavail * bsize - diskReserve(volume.path, config().diskReserveBytes) - kept
  }

  /** Of its capacity; uploads have all that they will be. Before it is counted only its disk bounds it. */
  function capacityLeft({ id, capacityBytes, folders }: Volume): number {
    const counted = figures.known({ id, folders })
    if (capacityBytes === undefined || counted === undefined) return Number.POSITIVE_INFINITY
    const kept = sumOf([...held].filter(({ volume }) => volume.id === id).map(({ bytes }) => bytes))
    return capacityBytes - counted.sector - counted.piece - Math.max(counted.upload, comingTo(id)) - kept
  }

  /** Its disk's, and no more than its capacity leaves. */
  function roomOn(volume: Volume): number {
    return Math.min(freeOn(volume), capacityLeft(volume))
  }

  function comingTo(volumeId: string): number {
    return sumOf([...staged.values()].filter((each) => each.volumeId === volumeId).map(({ bytes }) => bytes))
  }

  async function count(volumes: readonly Volume[], atMostMs: number): Promise<void> {
    for (const volume of volumes) if (volume.capacityBytes !== undefined) await figures.of(volume, atMostMs)
  }

  function countNames(volume: Volume, kind: StoredItem['kind'], ...names: string[]): Promise<void> {
    return figures.count(volume, kind, names)
  }

  /**
   * On the one of them with the most room, by their weights.
   * @throws VolumesFullError DISK_FULL
   */
  async function keepRoom(
    takers: readonly Volume[],
    item: StoredItem,
    role: VolumeRole,
    bytes: number,
  ): Promise<{ readonly volume: Volume; letGo(): void } & Disposable> {
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
      const hold = { volume: best, disk: deviceOf(best), bytes }
      held.add(hold)
      const letGo = (): void => void held.delete(hold)
      const dispose = (): void => {
        // What was written in it is counted before it is let go, where it counts.
        const counted = countNames(best, item.kind, nameOf(item)).catch(() => {})
        if (best.capacityBytes === undefined) letGo()
        else void counted.finally(letGo)
      }
      return { volume: best, letGo, [Symbol.dispose]: dispose }
    }
    throw new VolumesFullError(
      role,
      bytes,
      takers.map((volume) => ({ volume, room: roomOn(volume) })),
    )
  }

  return {
    pathOf: (item) => pathOn(volumeOf(item), item),
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
      const item = { kind: 'upload', uploadId } as const
      // Its room on the disk is taken as its bytes arrive.
      const { volume, letGo } = await keepRoom(takers, item, 'unsealed', bytes)
      staged.set(uploadId, { volumeId: volume.id, bytes })
      letGo()
      seenOn.set(keyOf(item), volume.id)
      await mkdir(volume.folders.upload).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      return pathOn(volume, item)
    },
    stagedBefore: (uploadId, bytes) => {
      staged.set(uploadId, { volumeId: volumeOf({ kind: 'upload', uploadId }).id, bytes })
    },
    unstage: (uploadId) => {
      staged.delete(uploadId)
      seenOn.delete(keyOf({ kind: 'upload', uploadId }))
    },
    roomOf: (uploadId) => {
      const volume = volumeOf({ kind: 'upload', uploadId })
      if (!isHeld(volume)) return 0
      // Of the capacity all that it will be was taken when it was opened; that may be less since.
      return capacityLeft(volume) < 0 ? 0 : freeOn(volume)
    },
    changed: async (item) => {
      const volume = volumeOf(item)
      if (isThere(volume)) await countNames(volume, item.kind, nameOf(item), ASIDE)
    },
    settle: async (uploadId, pieceCid) => {
      await hold()
      const piece = { kind: 'piece', pieceCid } as const
      const volume = volumeOf({ kind: 'upload', uploadId })
      if (!isHeld(volume)) return false
      const before = volumeOf(piece)
      const to = pathOn(volume, piece)
      await moveFile(pathOn(volume, { kind: 'upload', uploadId }), to)
      leftovers.delete(to)
      seenOn.set(keyOf(piece), volume.id)
      if (before.id !== volume.id && isThere(before) && existsSync(pathOn(before, piece))) leave(before, piece)
      staged.delete(uploadId)
      seenOn.delete(keyOf({ kind: 'upload', uploadId }))
      await countNames(volume, 'piece', nameOf(piece))
      await countNames(volume, 'upload', uploadId)
      return true
    },
    reserve: async (item, role, bytes) => {
      await hold()
      const lies = volumeOf(item)
      const isPlaced = isThere(lies) && existsSync(pathOn(lies, item))
      const takers = (isPlaced ? [lies] : all().filter((each) => each.roles.includes(role))).filter(isHeld)
      const { volume, letGo: _, ...room } = await keepRoom(takers, item, role, bytes)
      seenOn.set(keyOf(item), volume.id)
      return { ...room, path: pathOn(volume, item) }
    },
    misplaced: (kind, role) => {
      const lacking = all().filter((volume) => !volume.roles.includes(role) && isThere(volume))
      return lacking.flatMap((volume) =>
        namesIn(volume.folders[kind]).flatMap((name) => {
          const item = itemNamed(kind, name)
          if (item === undefined) return []
          // By the folder: one that came back while this runs has what was not seen at the start.
          const id = seenOn.get(keyOf(item)) ?? volumeOf(item).id
          if (id === volume.id) return [item]
          if (!leftovers.has(pathOn(volume, item))) leave(volume, item)
          return []
        }),
      )
    },
    move: async (item, role, isWanted) => {
      await hold()
      const from = volumeOf(item)
      if (!isThere(from)) return
      const path = pathOn(from, item)
      using room = await keepRoom(
        all().filter((volume) => volume.roles.includes(role) && volume.id !== from.id && isHeld(volume)),
        item,
        role,
        await bytesUnder(path),
      )
      const to = pathOn(room.volume, item)
      const copy = join(dirname(to), `${MOVING}${nameOf(item)}`)
      await rm(copy, { recursive: true, force: true })
      try {
        await copyDurably(path, copy)
        if (!isWanted()) return
        // It lay there before, most likely, and may be sounder than what was copied.
        if (existsSync(to)) await setAside(to)
        leftovers.delete(to)
        // Asked once more: nothing is waited for between this and the change.
        if (!isWanted() || !isThere(from) || !isHeld(room.volume)) return
        renameSync(copy, to)
        seenOn.set(keyOf(item), room.volume.id)
        leave(from, item)
        await syncFolder(dirname(to))
      } finally {
        await rm(copy, { recursive: true, force: true })
      }
    },
    sweepMoved: async (judge) => {
      await hold()
      for (const [path, { item, volumeId, atMs }] of leftovers) {
        if (nowMs() < atMs + MOVED_KEPT_MS) continue
        const volume = all().find(({ id }) => id === volumeId)
        // Another disk may be in its place, with what is named alike.
        if (volume === undefined || !isHeld(volume) || pathOn(volume, item) !== path) continue
        const place = pathOn(volumeOf(item), item)
        const isOwn = isSameFile(path, place)
        const verdict = await judge(item, path, isOwn ? undefined : place)
        // To look at it takes reading all of it: not again at once.
        if (verdict === 'needed' && !isOwn) leftovers.set(path, { item, volumeId, atMs: nowMs() })
        else leftovers.delete(path)
        if (!isHeld(volume) || !existsSync(path)) continue
        if (verdict === 'over') await setAside(path).then(() => countNames(volume, item.kind, nameOf(item), ASIDE))
        if (verdict !== 'spare') continue
        // The name of the copy, too, is to be on its disk before this goes.
        await syncFolder(dirname(place))
        await rm(path, { recursive: true, force: true })
        await countNames(volume, item.kind, nameOf(item))
      }
    },
    dropUnfinished: async () => {
      await hold()
      for (const { folders } of all().filter(isHeld))
        for (const folder of [folders.sector, folders.piece])
          for (const name of namesIn(folder).filter((each) => each.startsWith(MOVING)))
            await rm(join(folder, name), { recursive: true, force: true })
    },
    freeBytes: () => {
      const freeFor = (roles: readonly VolumeRole[]): number => {
        const taking = all().filter((volume) => volume.roles.some((role) => roles.includes(role)))
        const able = taking.filter((volume) => isThere(volume) && standings.heldBack([volume]).length === 0)
        const disks = Map.groupBy(able, deviceOf).values()
        // Two volumes of one disk have its room once.
        return sumOf(
          [...disks].map((on) =>
            Math.min(Math.max(0, freeOn(on[0]!)), sumOf(on.map((each) => Math.max(0, roomOn(each))))),
          ),
        )
      }
      const [both, unsealed, sealed] = [freeFor(volumeRoles), freeFor(['unsealed']), freeFor(['replicas'])]
      return Math.min(both, unsealed * UNSEALED_OF, sealed * SEALED_OF)
    },
    awayFor: (item) => {
      const lies = volumeOf(item)
      if (!isThere(lies)) return lies.path
      // After a start nothing tells on which one it was.
      return existsSync(pathOn(lies, item)) ? undefined : all().find((volume) => !isThere(volume))?.path
    },
    away: () =>
      all()
        .filter((volume) => standings.of(volume) === 'away')
        .map(({ path }) => path),
    heldBack: () => standings.heldBack(all()),
    usage: () =>
      Promise.all(
        all().map(async (volume) => {
          const { path, roles, capacityBytes = null, weight } = volume
          const there = isThere(volume)
          const bytes = there ? await figures.of(volume) : { sector: 0, piece: 0, upload: 0 }
          const freeBytes = there ? Math.max(0, roomOn(volume)) : 0
          return { ...{ path, roles, capacityBytes, weight, isThere: there }, bytes: { ...bytes }, freeBytes }
        }),
      ),
  }
}

/** DISK_FULL: an outage, which whoever wanted the room waits for. */
export class VolumesFullError extends GranaryError {
  /** On the one that has most. */
  readonly freeBytes: number

  constructor(
    role: VolumeRole,
    neededBytes: number,
    rooms: readonly { readonly volume: Volume; readonly room: number }[],
  ) {
    const freeBytes = Math.max(0, ...rooms.map(({ room }) => room))
    const found = rooms.map(({ volume, room }) => `${volume.path} has ${Math.max(0, room)} left`).join(', ')
    super({
      code: 'DISK_FULL',
      message: `${neededBytes} bytes are needed on a volume for ${role}, beside the reserve: ${found || 'there is none'}`,
      hint: 'Make room there, or add a volume: `granary provider volumes add`. What waits for it goes on by itself.',
      retryable: true,
      details: { role, neededBytes, freeBytes },
    })
    this.freeBytes = freeBytes
  }
}

export function nameOf(item: StoredItem): string {
  if (item.kind === 'sector') return String(item.number)
  return item.kind === 'piece' ? `${item.pieceCid}.car` : item.uploadId
}

function itemNamed(kind: 'sector' | 'piece', name: string): StoredItem | undefined {
  if (kind === 'sector') return /^(0|[1-9]\d{0,14})$/.test(name) ? { kind, number: Number(name) } : undefined
  return name.endsWith('.car') && !name.startsWith(MOVING)
    ? { kind, pieceCid: name.slice(0, -'.car'.length) }
    : undefined
}

function rank({ roles }: Volume, role: VolumeRole): number {
  return roles.includes(role) ? 0 : 1
}

function keyOf(item: StoredItem): string {
  return `${item.kind}/${nameOf(item)}`
}

function pathOn(volume: Volume, item: StoredItem): string {
  return join(volume.folders[item.kind], nameOf(item))
}

function deviceOf({ path }: Volume): number {
  return statSync(path).dev
}

/** How far the sealing of a sector has come there: a disk that was away comes back with what it had. */
function stageOf(path: string): number {
  try {
    const { state } = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as { state?: unknown }
    return ['sealing', 'sealed', 'finalized'].indexOf(String(state))
  } catch {
    return -1
  }
}

/** By whatever paths: links may lead from one volume into another. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }))
  return one === other || (a !== undefined && a.ino === b?.ino && a.dev === b.dev)
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0)
}
