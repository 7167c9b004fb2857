/** A user's file → a CAR in the staging folder: the bytes that the provider gets and the chain names. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { type PackedFile, packFile } from '@granary/content/node'
import { lockFile } from './lock-file.ts'

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

export class FileIsFolderError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'FILE_IS_FOLDER',
      message: `${path} is a folder, and one file is stored at a time`,
      hint: 'pack the folder into an archive (tar, zip) and put that',
      details: { path },
    })
  }
}

/** The same file is being put by another process, or twice in this one. */
export class PutRunningError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'PUT_RUNNING',
      message: `${path} is being put already, by another run with the same home`,
      hint: 'wait for that one to end; if it is killed, the next put goes on where it was',
      details: { path },
    })
  }
}

export interface UserFile {
  readonly path: string
  readonly bytes: number
}

/** @throws FileNotFoundError, FileIsFolderError */
export async function inspectFile(path: string): Promise<UserFile> {
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as { code?: unknown }
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new FileNotFoundError(path, error)
    throw error
  })
  if (found.isDirectory()) throw new FileIsFolderError(path)
  return { path: await realpath(path), bytes: found.size }
}

export interface StagedFile extends PackedFile, Disposable {
  readonly carPath: string
}

/**
 * The result holds the lock of its root CID until it is disposed of.
 * @throws PutRunningError, and what packFile throws
 */
export async function stageFile(
  file: UserFile,
  folder: string,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<StagedFile> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // The root is known only after packing, so the first lock and name are those of the path.
  const pathKey = createHash('sha256').update(file.path).digest('hex').slice(0, 32)
  using pathLock = lockFile(join(folder, `${pathKey}.lock`))
  if (!pathLock) throw new PutRunningError(file.path)
  await removeLeftovers(folder, pathKey)
  const packing = join(folder, `${pathKey}.car`)
  const packed = await packFile(file.path, packing, options)
  const rootLock = lockFile(join(folder, `${packed.rootCid}.lock`))
  if (!rootLock) throw new PutRunningError(file.path)
  const carPath = join(folder, `${packed.rootCid}.car`)
  await rename(packing, carPath)
  return { ...packed, carPath, [Symbol.dispose]: () => rootLock[Symbol.dispose]() }
}

/** What a kill in the middle of packing this path has left: nobody else writes under these names while the lock is held. */
async function removeLeftovers(folder: string, pathKey: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${pathKey}.car`)) await rm(join(folder, name), { force: true })
  }
}
