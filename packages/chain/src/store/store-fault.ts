/** What SQLite throws, in words that name the file: in use, damaged, or on a disk that is full. */
import { dirname } from 'node:path'
import type { GranaryError } from '@granary/base'
import { DiskFullError, HomeLockedError, StoreCorruptError } from './errors.ts'

const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26
/** Extended result codes carry the primary one in their last byte. */
const PRIMARY_CODE = 0xff

/** Any other error is given back as it is. */
export function storeFault<T>(error: T, path: string): T | GranaryError {
  const code = sqliteCodeOf(error)
  if (code === SQLITE_BUSY) return new HomeLockedError(dirname(path), error)
  if (code === SQLITE_FULL) return new DiskFullError(path, error)
  if (code === SQLITE_NOTADB) return new StoreCorruptError(path, 'is not the database of a chain node', error)
  if (code === SQLITE_CORRUPT) return new StoreCorruptError(path, 'is damaged', error)
  return error
}

function sqliteCodeOf(error: unknown): number | undefined {
  if (!Error.isError(error)) return undefined
  const { errcode, cause } = error as { readonly errcode?: unknown; readonly cause?: unknown }
  return typeof errcode === 'number' ? errcode & PRIMARY_CODE : sqliteCodeOf(cause)
}
