/**
 * Where what a provider stores lies on its disks: its sectors, its unsealed pieces, and what is being uploaded. Every path of one of
 * them comes from here. The first volume is the home's own; others are folders on other disks, each with a record of its own
 * (`volume-record.ts`) by which it is told from the empty folder that it is mounted over. What lies where is what lies there:
 * nothing else says so, and a store that is made anew finds it (docs/adr/0059-volumes.md).
 */
import type { StoredItem } from './stored-item.ts'
import type { HeldBack } from './volume-standing.ts'

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

/** What no volume takes: nothing can be stored then. */
export function rolesMissing({ homeRoles, volumes }: Pick<VolumesConfig, 'homeRoles' | 'volumes'>): VolumeRole[] {
  return volumeRoles.filter((role) => ![{ roles: homeRoles }, ...volumes].some(({ roles }) => roles.includes(role)))
}

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
  /** Without waiting for a disk that does not answer: there nothing is. */
  exists(path: string): boolean
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
  /** On all disks together, for what takes one part unsealed and two sealed, so that a sector can still be sealed beside it. */
  freeBytes(sealBytes: number): number
  /** Whether this process may write to where it lies and remove it from there: not from a disk that is away, read-only or another's. */
  mayChange(item: StoredItem): boolean
  /** The volume that the item is on, or may be on, when that cannot be reached now or is another's. */
  awayFor(item: StoredItem): string | undefined
  /** The disk that the item is on, or may be on, does not answer just now, and may in a moment: it is not said to be away yet. */
  isSilent(item: StoredItem): boolean
  /** Volumes that cannot be reached now. */
  away(): readonly string[]
  heldBack(): readonly HeldBack[]
  usage(): Promise<VolumeUsage[]>
}
