/**
 * Folder → DAG → CAR → piece, as packFile does for one file: everything in it, hidden files too. The same names and bytes
 * give the same CAR; times and permissions are not kept.
 */
import type { BigIntStats } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { GranaryError } from '@granary/base'
import { type FolderEntry, importFolder } from '../import-folder.ts'
import { FileUnreadableError } from './file-unreadable-error.ts'
import { readAt, readRange } from './read-range.ts'
import { createSourceStore, FileChangedError, type SourceStore } from './source-store.ts'
import { type PackedFile, type PackOptions, writePackedCar } from './write-packed-car.ts'

export class CarInFolderError extends GranaryError {
  constructor(folder: string, carPath: string) {
    super({
      code: 'CAR_IN_FOLDER',
      message: `${carPath} would be in ${folder}, which is to be packed: the next CAR would hold this one`,
      hint: 'write the CAR to a place outside of the folder',
    })
  }
}

interface Found {
  readonly path: string
  /** Below the folder, with / between the names. */
  readonly name: string
  readonly stats: BigIntStats
}

/** @throws FileUnreadableError FILE_UNREADABLE, FileChangedError FILE_CHANGED, CarInFolderError CAR_IN_FOLDER */
export async function packFolder(folder: string, carPath: string, options: PackOptions = {}): Promise<PackedFile> {
  const inside = relative(resolve(folder), resolve(carPath))
  if (inside !== '..' && !inside.startsWith(`..${sep}`)) throw new CarInFolderError(folder, carPath)
  const found = await listFolder(folder, '')
  const store = createSourceStore(({ path, offset, length }) => readPart(path, offset, length))
  const root = await importFolder(entriesOf(found, store), store, options)
  const fileBytes = found.reduce((sum, { stats }) => sum + (stats.isFile() ? Number(stats.size) : 0), 0)
  async function check(): Promise<void> {
    for (const { path, stats } of found) {
      const after = await statOf(path)
      if (after.size !== stats.size || after.mtimeNs !== stats.mtimeNs) throw new FileChangedError(path)
    }
  }
  return await writePackedCar({ root, store, carPath, fileBytes, check }, options)
}

/** Files, and folders that hold nothing. */
async function listFolder(folder: string, prefix: string): Promise<Found[]> {
  const found: Found[] = []
  const children = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new FileUnreadableError(folder, Error.isError(cause) ? cause.message : String(cause), cause)
  })
  for (const child of children) {
    const path = join(folder, child.name)
    const name = `${prefix}${child.name}`
    if (!child.isFile() && !child.isDirectory())
      throw new FileUnreadableError(path, 'it is neither a file nor a folder')
    // The importer of UnixFS would take them for other names.
    if (child.name.includes('\\') || child.name !== child.name.trim())
      throw new FileUnreadableError(path, 'its name has a backslash in it, or a space at an end')
    const below = child.isDirectory() ? await listFolder(path, `${name}/`) : []
    if (below.length > 0) found.push(...below)
    else found.push({ path, name, stats: await statOf(path) })
  }
  return found
}

async function* entriesOf(found: readonly Found[], store: SourceStore): AsyncGenerator<FolderEntry> {
  for (const { path, name, stats } of found)
    yield stats.isFile() ? { path: name, content: contentOf(path, Number(stats.size), store) } : { path: name }
}

async function* contentOf(path: string, size: number, store: SourceStore): AsyncGenerator<Uint8Array> {
  store.begin(path)
  await using file = await open(path).catch((cause: unknown) => {
    throw new FileUnreadableError(path, Error.isError(cause) ? cause.message : String(cause), cause)
  })
  yield* readRange(file, 0, size)
}

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  await using file = await open(path).catch((cause: unknown) => {
    throw new FileChangedError(path, cause)
  })
  return await readAt(file, offset, length)
}

async function statOf(path: string): Promise<BigIntStats> {
  return await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw new FileChangedError(path, cause)
  })
}
