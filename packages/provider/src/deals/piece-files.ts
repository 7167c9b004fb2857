/**
 * The files behind deals and uploads. The database says first what shall be, then the file follows; after a kill in
 * between, `recover` finishes that. A file that the database does not know is set aside, never removed.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { moveFile, syncFolder } from '@granary/base/node'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import { moveAcross } from '../storage/move-across.ts'
import { ASIDE, listAside, setAside } from '../storage/set-aside.ts'
import { type Room, type Volumes, VolumesFullError } from '../storage/volumes.ts'
import type { UploadStore } from '../uploads/upload-store.ts'
import type { DealStore } from './deal-store.ts'

export interface PieceFiles {
  piecePath(pieceCid: string): string
  stagingPath(uploadId: string): string
  /** Moves an agreed piece out of staging, if that has not been done. */
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
  /** Finishes the moves out of staging that a kill left. */
  placeAll(): Promise<void>
  /** Brings the files in line with the store: only once it is known to be the right one. */
  recover(): Promise<void>
}

export interface PieceFilesOptions {
  readonly volumes: Volumes
  readonly deals: Pick<DealStore, 'stagedPieces' | 'pieceMoved' | 'hasPiece' | 'dropPieceIfUnused' | 'pieceCids'>
  readonly uploads: Pick<UploadStore, 'all' | 'remove' | 'reserve' | 'tusRecord'>
  readonly lock: KeyedLock
}

export function createPieceFiles({ volumes, deals, uploads, lock }: PieceFilesOptions): PieceFiles {
  const piecePath = (pieceCid: string): string => volumes.pathOf({ kind: 'piece', pieceCid })
  /** Another disk may be in the place of its volume. Once that is back, the piece is one that nobody knows. */
  const isAway = (pieceCid: string): boolean => volumes.awayFor({ kind: 'piece', pieceCid }) !== undefined
  const stagingPath = (uploadId: string): string => volumes.pathOf({ kind: 'upload', uploadId })

  const place = (pieceCid: string): Promise<void> =>
    lock.run(`piece:${pieceCid}`, async () => {
      const staged = deals.stagedPieces().find((piece) => piece.pieceCid === pieceCid)
      if (staged === undefined) return
      const from = stagingPath(staged.uploadId)
      const bytes = await sizeOf(from)
      if (bytes !== undefined) {
        using room = await roomOrHome(pieceCid, bytes)
        await moveAcross(from, room.path)
      }
      deals.pieceMoved(pieceCid)
    })

  const reserve = (pieceCid: string, bytes: number): Promise<Room> =>
    volumes.reserve({ kind: 'piece', pieceCid }, 'unsealed', bytes)

  /** It is agreed on already, and beside its upload a new name takes no room. */
  const roomOrHome = async (pieceCid: string, bytes: number): Promise<Room> => {
    try {
      return await reserve(pieceCid, bytes)
    } catch (error) {
      if (!(error instanceof VolumesFullError)) throw error
      return { path: piecePath(pieceCid), [Symbol.dispose]: () => {} }
    }
  }

  const removeUpload = async (uploadId: string): Promise<void> => {
    uploads.remove(uploadId)
    await rm(stagingPath(uploadId), { force: true })
  }

  return {
    piecePath,
    stagingPath,
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
        if (isAway(pieceCid)) return
        if (keep && (await exists(piecePath(pieceCid)))) await setAside(piecePath(pieceCid))
        else await rm(piecePath(pieceCid), { force: true })
        await syncFolder(dirname(piecePath(pieceCid)))
      }),
    placeAll: async () => {
      for (const { pieceCid } of deals.stagedPieces()) await place(pieceCid)
    },
    recover: async () => {
      for (const pieceCid of deals.pieceCids())
        if (deals.dropPieceIfUnused(pieceCid) && !isAway(pieceCid)) await rm(piecePath(pieceCid), { force: true })
      const pieces = new Set(deals.pieceCids().map((pieceCid) => `${pieceCid}.car`))
      for (const folder of await volumes.heldFolders('piece')) await setOthersAside(folder, pieces)
      for (const { uploadId } of uploads.all()) {
        const bytes = uploads.tusRecord(uploadId) === undefined ? undefined : await sizeOf(stagingPath(uploadId))
        if (bytes === undefined) uploads.remove(uploadId)
        else uploads.reserve(uploadId, bytes)
      }
      const known = new Set(uploads.all().map(({ uploadId }) => uploadId))
      for (const folder of await volumes.heldFolders('upload')) await setOthersAside(folder, known)
    },
  }
}

async function setOthersAside(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) if (name !== ASIDE && !keep.has(name)) await setAside(join(folder, name))
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
