/** A file of the user that is to be stored. */
import { realpath, stat } from 'node:fs/promises'
import { GranaryError } from '@granary/base'

/** FILE_NOT_FOUND: there is nothing at that path. */
export class FileNotFoundError extends GranaryError {
  constructor(path: string, cause: unknown) {
    super({
      code: 'FILE_NOT_FOUND',
      message: `there is no file ${path}`,
      hint: 'check the spelling of the path',
      details: { path },
      cause,
    })
  }
}

/** FILE_IS_FOLDER: a file was wanted. */
export class FileIsFolderError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'FILE_IS_FOLDER',
      message: `${path} is a folder, and a file is wanted here`,
      hint: 'name a file in it; `granary put` stores folders, too',
      details: { path },
    })
  }
}

/** A file of the disk that is to be stored. */
export interface UserFile {
  readonly path: string
  readonly bytes: number
}

/** @returns the file that the path leads to, through links. @throws FileNotFoundError, FileIsFolderError */
export async function inspectFile(path: string): Promise<UserFile> {
  const { isFolder, bytes } = await inspectPath(path)
  if (isFolder) throw new FileIsFolderError(path)
  return { path: await realpath(path), bytes }
}

/** @throws FileNotFoundError */
export async function inspectPath(path: string): Promise<{ isFolder: boolean; bytes: number }> {
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as { code?: unknown }
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new FileNotFoundError(path, error)
    throw error
  })
  return { isFolder: found.isDirectory(), bytes: found.size }
}
