/**
 * The files behind deals and uploads. The database says first what shall be, then the file follows; after a kill in
 * between, `recover` finishes that. A file that the database does not know is set aside, never removed.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { moveFile, syncFolder } from '@granary/base/node'
import { diskFault } from '../storage/disk-fault.ts'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import { ASIDE, listAside, setAside } from '../storage/set-aside.ts'
import { NoSpaceError } from '../storage/space.ts'
import { VolumesFullError } from '../storage/volume-rooms.ts'
import type { Room, Volumes } from '../storage/volumes.ts'
import type { UploadChecks } from '../uploads/upload-checks.ts'
import type { UploadStore } from '../uploads/upload-store.ts'
import type { DealStore } from './deal-store.ts'

export interface PieceFiles {
  piecePath(pieceCid: string): string
  stagingPath(uploadId: string): string
  /** Where the file of a new upload is to be. @throws NoSpaceError */
  stage(uploadId: string, bytes: number): Promise<string>
  /** Whether an upload that was not found at that path of its is on a volume that cannot be reached now, or may be. */
  isUploadAway(uploadId: string, path: string): boolean
  /** Its disk does not answer just now. */
  isSilent(pieceCid: string): boolean
  /** What is left for it where it is. */
  roomOfUpload(uploadId: string): number
  /** Moves an agreed piece out of staging, if that has not been done and its disk is there. */
  place(pieceCid: string): Promise<void>
  /** Out of what was set aside, where there is no file of the piece. */
  bringBack(pieceCid: string): Promise<void>
  /** Room for the piece to be made again in, beside the others. @throws VolumesFullError DISK_FULL */
  reserve(pieceCid: string, bytes: number): Promise<Room>
  /** Puts a sound file in the place of the piece's, if it is still needed. */
  replace(pieceCid: string, from: string): Promise<void>
  /** Removes the piece's file when no deal needs it any more; `beforeRemoval` takes it out of what is served; `keep`: sets it aside. */
  dropIfUnused(pieceCid: string, beforeRemoval: (pieceCid: string) => Promise<void>, keep?: boolean): Promise<void>
  removeUpload(uploadId: string): Promise<void>
  /** Finishes the moves out of staging that a kill left, or a disk that was away. @returns the pieces that are in their places now */
  placeAll(): Promise<string[]>
  /** Brings the files in line with the store: only once it is known to be the right one. */
  recover(): Promise<void>
}

export interface PieceFilesOptions {
  readonly volumes: Volumes
  readonly deals: Pick<DealStore, 'stagedPieces' | 'pieceMoved' | 'hasPiece' | 'dropPieceIfUnused' | 'pieceCids'>
  readonly uploads: Pick<UploadStore, 'all' | 'remove' | 'reserve' | 'tusRecord'>
  readonly checks: Pick<UploadChecks, 'forget'>
  readonly lock: KeyedLock
}

export function createPieceFiles({ volumes, deals, uploads, checks, lock }: PieceFilesOptions): PieceFiles {
  const piecePath = (pieceCid: string): string => volumes.pathOf({ kind: 'piece', pieceCid })
  /** Not while another disk is in the place of its volume, or that takes no writes: later it is one that nobody knows, and goes aside. */
  const isRemovable = (pieceCid: string): boolean => {
    const piece = { kind: 'piece', pieceCid } as const
    return volumes.awayFor(piece) === undefined && volumes.mayChange(piece)
  }
  // Another path than before: its disk was silent, and has answered since.
  const isUploadAway = (uploadId: string, path: string): boolean =>
    volumes.awayFor({ kind: 'upload', uploadId }) !== undefined || stagingPath(uploadId) !== path
  const stagingPath = (uploadId: string): string => volumes.pathOf({ kind: 'upload', uploadId })

  const place = (pieceCid: string): Promise<void> =>
    lock.run(`piece:${pieceCid}`, async () => {
      const staged = deals.stagedPieces().find((piece) => piece.pieceCid === pieceCid)
      if (staged === undefined) return
      const { uploadId } = staged
      const path = stagingPath(uploadId)
      if (await exists(path)) {
        if (!(await volumes.settle(uploadId, pieceCid))) return
        // It may come back with its disk, unless the piece is there.
      } else if (isUploadAway(uploadId, path) && !(await exists(piecePath(pieceCid)))) return
      deals.pieceMoved(pieceCid)
    })

  const reserve = (pieceCid: string, bytes: number): Promise<Room> =>
    volumes.reserve({ kind: 'piece', pieceCid }, 'unsealed', bytes)

  const removeUpload = async (uploadId: string): Promise<void> => {
    uploads.remove(uploadId)
    checks.forget(uploadId)
    const path = stagingPath(uploadId)
    const isRemovable = volumes.mayChange({ kind: 'upload', uploadId })
    volumes.unstage(uploadId)
    if (isRemovable) await rm(path, { force: true })
  }

  return {
    piecePath,
    stagingPath,
    stage: async (uploadId, bytes) => {
      try {
        return await volumes.stage(uploadId, bytes)
      } catch (error) {
        // Which disks there are is none of the client's business.
        throw error instanceof VolumesFullError ? new NoSpaceError(bytes, error.freeBytes) : error
      }
    },
    isUploadAway,
    isSilent: (pieceCid) => volumes.isSilent({ kind: 'piece', pieceCid }),
    roomOfUpload: (uploadId) => volumes.roomOf(uploadId),
    place,
    removeUpload,
    reserve,
    replace: (pieceCid, from) =>
      lock.run(`piece:${pieceCid}`, async () => {
        if (deals.hasPiece(pieceCid)) await moveFile(from, piecePath(pieceCid))
      }),
    bringBack: (pieceCid) =>
      lock.run(`piece:${pieceCid}`, async () => {
        for (const folder of await volumes.heldFolders('piece')) {
          const kept = (await listAside(folder)).find(({ name }) => name === `${pieceCid}.car`)
          if (kept !== undefined && !(await exists(piecePath(pieceCid)))) await moveFile(kept.path, piecePath(pieceCid))
        }
      }),
    dropIfUnused: (pieceCid, beforeRemoval, keep = false) =>
      lock.run(`piece:${pieceCid}`, async () => {
        if (!deals.dropPieceIfUnused(pieceCid)) return
        await beforeRemoval(pieceCid)
        if (!isRemovable(pieceCid)) return
        if (keep && (await exists(piecePath(pieceCid)))) await setAside(piecePath(pieceCid))
        else await rm(piecePath(pieceCid), { force: true })
        await syncFolder(dirname(piecePath(pieceCid)))
        await volumes.changed({ kind: 'piece', pieceCid })
      }),
    placeAll: async () => {
      const before = deals.stagedPieces().map(({ pieceCid }) => pieceCid)
      // One whose disk fails keeps none of the others from their places.
      for (const pieceCid of before) await place(pieceCid).catch(() => {})
      const left = new Set(deals.stagedPieces().map(({ pieceCid }) => pieceCid))
      return before.filter((pieceCid) => !left.has(pieceCid))
    },
    recover: async () => {
      for (const pieceCid of deals.pieceCids())
        if (deals.dropPieceIfUnused(pieceCid) && isRemovable(pieceCid)) await rm(piecePath(pieceCid), { force: true })
      const pieces = new Set(deals.pieceCids().map((pieceCid) => `${pieceCid}.car`))
      for (const folder of await volumes.heldFolders('piece')) await setOthersAside(folder, pieces)
      for (const { uploadId, sizeBytes } of uploads.all()) {
        const path = stagingPath(uploadId)
        const bytes = uploads.tusRecord(uploadId) === undefined ? undefined : await sizeOf(path)
        if (bytes !== undefined) {
          uploads.reserve(uploadId, bytes)
          volumes.stagedBefore(uploadId, sizeBytes)
        }
        // It goes on once its disk is there.
        else if (!isUploadAway(uploadId, path)) uploads.remove(uploadId)
      }
      // Also those that are agreed on, whose disk has come back since they were to be put into their places.
      const known = new Set([...uploads.all(), ...deals.stagedPieces()].map(({ uploadId }) => uploadId))
      for (const folder of await volumes.heldFolders('upload')) await setOthersAside(folder, known)
    },
  }
}

async function setOthersAside(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await namesIn(folder))
    if (name !== ASIDE && !keep.has(name))
      await setAside(join(folder, name)).catch((error: unknown) => {
        // On a disk that is full it stays in the way, and what needs none of its room goes on.
        if (diskFault(error, folder) === undefined) throw error
      })
}

/** None where its disk does not list it: an alert says so (storage/watch-folders.ts). */
async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}

async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
