/** A folder, with those above it. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { GranaryError } from '../granary-error.ts'

/** Of a disk that is full or fails, which has errors of its own. */
const DISK_FAULTS: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])

/** FOLDER_UNUSABLE: the system makes no folder there, or there is something else. */
export class FolderUnusableError extends GranaryError {
  constructor(path: string, cause: unknown) {
    const reason = Error.isError(cause) ? cause.message : String(cause)
    super({
      code: 'FOLDER_UNUSABLE',
      message: `${path} cannot be a folder: ${reason}`,
      hint: 'name another folder, such as with --home, or change what is there and who may write to it',
      details: { path },
      cause,
    })
  }
}

/**
 * As `mkdir` with `recursive`, which never ends where a file system has a folder and takes none in it, as /proc does
 * (Node 24). @throws FolderUnusableError
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await makeWithParents(resolve(path), mode)
  } catch (error) {
    if (DISK_FAULTS.has((error as NodeJS.ErrnoException).code)) throw error
    throw new FolderUnusableError(path, error)
  }
}

async function makeWithParents(path: string, mode: number | undefined): Promise<void> {
  const error = await tryToMake(path, mode)
  if (error === undefined) return
  const parent = dirname(path)
  if (error.code !== 'ENOENT' || parent === path) throw error
  await makeWithParents(parent, mode)
  const again = await tryToMake(path, mode)
  if (again !== undefined) throw again
}

/** @returns why there is no folder */
async function tryToMake(path: string, mode: number | undefined): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, mode)
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!isThere) return error as NodeJS.ErrnoException
  }
}
