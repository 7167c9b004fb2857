/**
 * File → DAG → CAR → piece in one go, with memory that does not grow with the file: it is read twice, first for the DAG,
 * then for the CAR and its commitment. A file that changes in between is refused.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { importFile } from '../import-file.ts'
import { FileUnreadableError } from './file-unreadable-error.ts'
import { readAt, readRange } from './read-range.ts'
import { createSourceStore, FileChangedError } from './source-store.ts'
import { type PackedFile, type PackOptions, writePackedCar } from './write-packed-car.ts'

/** @throws FileUnreadableError FILE_UNREADABLE, FileChangedError FILE_CHANGED */
export async function packFile(path: string, carPath: string, options: PackOptions = {}): Promise<PackedFile> {
  // Non-blocking: a pipe without a writer is refused below instead of being waited for.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw new FileUnreadableError(path, Error.isError(cause) ? cause.message : String(cause), cause)
  })
  try {
    return await packOpenFile(file, path, carPath, options)
  } finally {
    await file.close()
  }
}

async function packOpenFile(
  file: FileHandle,
  path: string,
  carPath: string,
  options: PackOptions,
): Promise<PackedFile> {
  const before = await file.stat({ bigint: true })
  if (!before.isFile()) throw new FileUnreadableError(path, 'it is not a regular file')
  const store = createSourceStore(({ offset, length }) => readAt(file, offset, length))
  store.begin(path)
  const root = await importFile(readRange(file, 0, Number(before.size)), store, options)
  if (store.fileBytes !== Number(before.size)) throw new FileChangedError(path)
  async function check(): Promise<void> {
    const after = await file.stat({ bigint: true })
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw new FileChangedError(path)
  }
  return await writePackedCar({ root, store, carPath, fileBytes: store.fileBytes, check }, options)
}
