/**
 * A full or failing disk by name. What the system and SQLite throw then says neither which disk it is nor that it is one,
 * and is easily taken for a fault of whatever was going on at the time.
 */
import { statfsSync } from 'node:fs'
import { GranaryError } from '@granary/base'

type DiskFaultCode = 'DISK_FULL' | 'DISK_FAILED'

const codes: Readonly<Record<string, DiskFaultCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EIO: 'DISK_FAILED',
  EROFS: 'DISK_FAILED',
}
/** SQLite's primary result codes: READONLY, IOERR, FULL, CANTOPEN. */
const sqliteCodes: Readonly<Record<number, DiskFaultCode>> = {
  8: 'DISK_FAILED',
  10: 'DISK_FAILED',
  13: 'DISK_FULL',
  14: 'DISK_FAILED',
}

export class DiskFaultError extends GranaryError {
  declare readonly code: DiskFaultCode

  constructor(code: DiskFaultCode, folder: string, cause: Error) {
    super({
      code,
      message: `the disk of ${folder} ${code === 'DISK_FULL' ? 'is full' : 'does not take writes'}: ${cause.message}`,
      hint:
        code === 'DISK_FULL'
          ? 'Make room on it. What waits for it goes on by itself; proofs of what is sealed need no room and go on.'
          : 'Look at the disk, its cables and how it is mounted. What waits for it goes on by itself.',
      details: { folder },
      cause,
    })
  }
}

/** SQLite says IOERR, and not FULL, when the file does not fit that its connections share. */
const SQLITE_IOERR = 10
const FULL_BELOW_BYTES = 2 ** 18

/** Undefined for any other error. @param folder where it was written to */
export function diskFault(error: unknown, folder: string): DiskFaultError | undefined {
  if (error instanceof DiskFaultError) return error
  if (!Error.isError(error)) return undefined
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  const found =
    typeof errcode === 'number'
      ? sqliteFault(errcode & 0xff, folder)
      : typeof code === 'string'
        ? codes[code]
        : undefined
  return found === undefined ? undefined : new DiskFaultError(found, folder, error)
}

function sqliteFault(code: number, folder: string): DiskFaultCode | undefined {
  return code === SQLITE_IOERR && isFull(folder) ? 'DISK_FULL' : sqliteCodes[code]
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < FULL_BELOW_BYTES
  } catch {
    return false
  }
}
