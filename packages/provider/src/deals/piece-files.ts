/**
 * The files behind deals and uploads. The database says first what shall be, then the file follows; after a kill in
 * between, `recover` finishes or removes what is not in the database.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { moveFile, syncFolder } from '../storage/durable-files.ts'
import type { ProviderFolders } from '../storage/folders.ts'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import type { DealStore } from './deal-store.ts'
import type { UploadStore } from './upload-store.ts'

export interface PieceFiles {
  piecePath(pieceCid: string): string
  stagingPath(uploadId: string): string
  /** Moves an agreed piece out of staging, if that has not been done. */
  place(pieceCid: string): Promise<void>
  /** Removes the piece's file when no deal needs it any more; `beforeRemoval` takes it out of what is served. */
  dropIfUnused(pieceCid: string, beforeRemoval: (pieceCid: string) => Promise<void>): Promise<void>
  removeUpload(uploadId: string): Promise<void>
  recover(): Promise<void>
}

export interface PieceFilesOptions {
  readonly folders: ProviderFolders
  readonly deals: DealStore
  readonly uploads: UploadStore
  readonly lock: KeyedLock
}

export function createPieceFiles({ folders, deals, uploads, lock }: PieceFilesOptions): PieceFiles {
  const piecePath = (pieceCid: string): string => join(folders.pieces, `${pieceCid}.car`)
  const stagingPath = (uploadId: string): string => join(folders.staging, uploadId)

  const place = (pieceCid: string): Promise<void> =>
    lock.run(`piece:${pieceCid}`, async () => {
      const staged = deals.stagedPieces().find((piece) => piece.pieceCid === pieceCid)
      if (staged === undefined) return
      const from = stagingPath(staged.uploadId)
      if (await exists(from)) await moveFile(from, piecePath(pieceCid))
      deals.pieceMoved(pieceCid)
    })

  const removeUpload = async (uploadId: string): Promise<void> => {
    uploads.remove(uploadId)
    await rm(stagingPath(uploadId), { force: true })
  }

  return {
    piecePath,
    stagingPath,
    place,
    removeUpload,
    dropIfUnused: (pieceCid, beforeRemoval) =>
      lock.run(`piece:${pieceCid}`, async () => {
        if (!deals.dropPieceIfUnused(pieceCid)) return
        await beforeRemoval(pieceCid)
        await rm(piecePath(pieceCid), { force: true })
        await syncFolder(folders.pieces)
      }),
    recover: async () => {
      for (const { pieceCid } of deals.stagedPieces()) await place(pieceCid)
      for (const pieceCid of deals.pieceCids()) deals.dropPieceIfUnused(pieceCid)
      const pieces = new Set(deals.pieceCids().map((pieceCid) => `${pieceCid}.car`))
      await removeOthers(folders.pieces, pieces)
      for (const { uploadId } of uploads.all()) {
        const begun = uploads.tusRecord(uploadId) !== undefined && (await exists(stagingPath(uploadId)))
        if (!begun) uploads.remove(uploadId)
      }
      await removeOthers(folders.staging, new Set(uploads.all().map(({ uploadId }) => uploadId)))
    },
  }
}

async function removeOthers(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) if (!keep.has(name)) await rm(join(folder, name), { force: true })
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
