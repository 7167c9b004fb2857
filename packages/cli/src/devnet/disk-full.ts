/**
 * What fails at the start on a disk that is full, named by that disk: the system's own words say neither which one it is,
 * nor, through a database of its own, that it is full at all.
 */
import { statfs } from 'node:fs/promises'
import { GranaryError, isAbortError } from '@granary/base'

/** Less than any program of a devnet writes at its start. */
const ROOM_MIN_BYTES = 1 << 20

export class DiskFullError extends GranaryError {
  constructor(folder: string, freeBytes: number, cause: unknown) {
    const words = Error.isError(cause) ? cause.message : String(cause)
    super({
      code: 'DISK_FULL',
      message: `the disk of ${folder} is full, ${freeBytes} bytes are free on it: ${words}`,
      hint: 'make room on it, or choose a folder on another disk with --home',
      details: { folder, freeBytes },
      cause,
    })
  }
}

/** The error itself where there is room, or where it was an abort. */
export async function diskFull(error: unknown, folder: string): Promise<unknown> {
  const disk = await statfs(folder).catch(() => undefined)
  if (disk === undefined || isAbortError(error)) return error
  const freeBytes = disk.bavail * disk.bsize
  return freeBytes < ROOM_MIN_BYTES ? new DiskFullError(folder, freeBytes, error) : error
}
