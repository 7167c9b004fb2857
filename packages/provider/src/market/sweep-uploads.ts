/** Uploads that were not agreed on in time give their room back. */

import type { PieceFiles } from '../deals/piece-files.ts'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import type { UploadStore } from '../uploads/upload-store.ts'

export interface SweepContext {
  readonly uploads: UploadStore
  readonly files: PieceFiles
  readonly lock: KeyedLock
  readonly expiryMs: number
  readonly nowMs?: () => number
}

/** @returns how many went */
export async function sweepUploads({ uploads, files, lock, expiryMs, nowMs }: SweepContext): Promise<number> {
  const expired = uploads.openedBefore((nowMs ?? Date.now)() - expiryMs)
  // One that is being agreed on right now holds this lock, and is no upload any more when it lets go.
  for (const { uploadId } of expired)
    await lock.run(`upload:${uploadId}`, async () => {
      if (uploads.find(uploadId) !== undefined) await files.removeUpload(uploadId)
    })
  return expired.length
}
