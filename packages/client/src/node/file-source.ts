/** A file of the user that is to be stored. */
import { readlink, realpath, stat } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { FileUnreadableError } from '@granary/content/node'

/** FILE_NOT_FOUND: there is nothing at that path. */
export class FileNotFoundError extends GranaryError {
  /** @param linkedTo what the path, which is a link, names */
  constructor(path: string, cause: unknown, linkedTo?: string) {
    const isLink = linkedTo !== undefined
    super({
      code: 'FILE_NOT_FOUND',
      message: isLink ? `${path} is a link to ${linkedTo}, where nothing is` : `there is no file ${path}`,
      hint: isLink ? 'make the link anew, or name a file or folder that is there' : 'check the spelling of the path',
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

/** @throws FileNotFoundError, FileUnreadableError */
export async function inspectPath(path: string): Promise<{ isFolder: boolean; bytes: number }> {
  const found = await stat(path).catch(async (error: unknown) => {
    const { code } = error as { code?: unknown }
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ELOOP') throw error
    // What is not UTF-8 has become this on its way here, and is no name of the file any more.
    if (path.includes('\ufffd')) throw new FileUnreadableError(path, 'its name is not UTF-8', error)
    throw new FileNotFoundError(path, error, await readlink(path).catch(() => undefined))
  })
  return { isFolder: found.isDirectory(), bytes: found.size }
}
