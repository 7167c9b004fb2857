/** A fetched file on the disk: it appears under its name only when all of it is verified and synced. */
import { realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { GranaryError } from '@granary/base'
import { saveFile } from '@granary/content/node'
import type { Sink } from '../ports.ts'
import { reasonOf } from '../providers/request-json.ts'

/** OUT_INVALID: nothing can be written at that place. */
export class OutInvalidError extends GranaryError {
  constructor(out: string, what: string, hint: string, cause?: unknown) {
    super({ code: 'OUT_INVALID', message: `${out}: ${what}`, hint, details: { out }, cause })
  }
}

export interface FileSink extends Sink {
  check(): Promise<void>
  /** The whole path of the file. */
  readonly out: string
}

/** @param path is looked at when the file is fetched: `check` and `write` throw OutInvalidError */
export async function fileSink(path: string): Promise<FileSink> {
  // A link stays a link: what it points to is replaced.
  const out = await realpath(path).catch(() => resolve(path))
  return {
    out,
    check: () => checkOut(out),
    async write(contents) {
      return await saveFile(out, contents).catch(asOutInvalid(out))
    },
  }
}

export async function isFolderThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

async function checkOut(out: string): Promise<void> {
  await checkPlace(out)
  if (await isFolderThere(out))
    throw new OutInvalidError(out, 'it is a folder', 'give a name in it; only a folder replaces it (--overwrite)')
}

/** For a file or a folder. @throws OutInvalidError */
export async function checkPlace(out: string): Promise<void> {
  const [found, folder] = await Promise.all([
    stat(out).catch(() => undefined),
    stat(dirname(out)).catch(() => undefined),
  ])
  // The file takes the place of what is there: that must not be a device or a pipe that others use.
  if (found && !found.isFile() && !found.isDirectory())
    throw new OutInvalidError(out, 'it is not a regular file', 'give the name of a file')
  if (!folder?.isDirectory()) {
    throw new OutInvalidError(out, `there is no folder ${dirname(out)}`, 'make the folder first, or choose another OUT')
  }
}

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What the system refuses is said of OUT. */
export function asOutInvalid(out: string): (error: unknown) => never {
  return (error) => {
    if (!isDiskError(error)) throw error
    const isFull = FULL.has((error as { code?: unknown }).code)
    throw new OutInvalidError(out, reasonOf(error), `${isFull ? 'free space, or ' : ''}choose another OUT`, error)
  }
}

/** A system call on the file failed. */
function isDiskError(error: unknown): boolean {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  return typeof code === 'string' && typeof syscall === 'string' && !GranaryError.is(error)
}
