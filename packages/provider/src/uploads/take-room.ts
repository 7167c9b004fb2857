/** Room for an upload is taken as its bytes arrive, a step at a time: asking the disk for each of them would cost too much. */
import { NoSpaceError, type Space } from '../storage/space.ts'
import { UploadNotFoundError } from './upload-errors.ts'
import type { UploadStore } from './upload-store.ts'

const STEP_BYTES = 1024 * 1024
/** Of what it has, for a large upload would ask a thousand times. */
const STEP_SHARE = 1 / 16

/** @throws NoSpaceError; UploadNotFoundError when it has ended meanwhile */
export function takeRoom(
  {
    uploads,
    space,
    files,
  }: {
    readonly uploads: UploadStore
    readonly space: Space
    readonly files: { roomOfUpload(uploadId: string): number }
  },
  uploadId: string,
  end: number,
): void {
  const missing = end - uploads.reservedOf(uploadId)
  if (missing <= 0) return
  const upload = uploads.find(uploadId)
  if (upload === undefined) throw new UploadNotFoundError(uploadId)
  const reserved = uploads.reservedOf(uploadId)
  const step = Math.max(STEP_BYTES, Math.floor(reserved * STEP_SHARE))
  const taken = Math.max(missing, Math.min(step, upload.sizeBytes - reserved))
  space.require(taken)
  // The disks together may have it, and not the one that it is on.
  const free = files.roomOfUpload(uploadId)
  if (taken > free) throw new NoSpaceError(taken, Math.max(0, free))
  uploads.reserve(uploadId, reserved + taken)
}
