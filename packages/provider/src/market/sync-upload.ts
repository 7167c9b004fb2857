/** The bytes of an upload reach the disk before anything is signed for them. */
import { dirname } from 'node:path'
import { syncFile, syncFolder } from '@granary/base/node'
import type { PieceFiles } from '../deals/piece-files.ts'
import { diskFault } from '../storage/disk-fault.ts'

/**
 * An upload that fails to be synced is dropped: Linux tells of a page that it could not write once, and lets go of it, so that
 * a second sync may succeed over bytes that are not on the disk. Only what is sent anew is believed.
 *
 * @throws DiskFaultError DISK_FULL, DISK_FAILED
 */
export async function syncUpload(
  files: Pick<PieceFiles, 'stagingPath' | 'removeUpload'>,
  uploadId: string,
): Promise<void> {
  const path = files.stagingPath(uploadId)
  try {
    await syncFile(path)
    await syncFolder(dirname(path))
  } catch (error) {
    await files.removeUpload(uploadId)
    throw diskFault(error, dirname(path)) ?? error
  }
}
