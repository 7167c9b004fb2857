/**
 * File → DAG → CAR → piece in one go, with memory that does not grow with the file: it is read twice, first for the DAG,
 * then for the CAR and its commitment. A file that changes in between is refused.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { GranaryError } from '@granary/errors'
import { createPieceHasher } from '@granary/proofs/piece'
import { type ImportProgress, importFile } from '../import-file.ts'
import { type PieceInfo, pieceInfo } from '../piece-of.ts'
import { walkDag } from '../walk-dag.ts'
import { carHeader, carSection } from '../write-car.ts'
import { readRange } from './read-range.ts'
import { createSourceStore, FileChangedError } from './source-store.ts'
import { writeAtomically } from './write-atomically.ts'

export interface PackProgress {
  readonly type: 'pack:car'
  /** Bytes of the CAR written so far. */
  readonly bytes: number
}

export interface PackOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ImportProgress | PackProgress) => void) | undefined
}

export interface PackedFile extends PieceInfo {
  readonly rootCid: string
  /** Blocks in the CAR. */
  readonly blocks: number
  readonly fileBytes: number
}

export class FileUnreadableError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'FILE_UNREADABLE',
      message: `${path}: ${why}`,
      hint: 'give the path of a file that exists and that you may read',
      retryable: false,
      details: { path },
      cause,
    })
  }
}

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
  { signal, onProgress }: PackOptions,
): Promise<PackedFile> {
  const before = await file.stat({ bigint: true })
  if (!before.isFile()) throw new FileUnreadableError(path, 'it is not a regular file')
  const store = createSourceStore(file, path)
  const bytes = readRange(file, 0, Number(before.size))
  const root = await importFile(bytes, store, { signal, onProgress })
  if (store.fileBytes !== Number(before.size)) throw new FileChangedError(path)

  return writeAtomically(carPath, async (car) => {
    const hasher = createPieceHasher()
    let carBytes = 0
    let blocks = 0
    const write = async (part: Uint8Array): Promise<void> => {
      hasher.write(part)
      await car.writeFile(part)
      carBytes += part.length
    }
    await write(carHeader([root]))
    for await (const block of walkDag(root, store, { signal })) {
      for (const part of carSection(block)) await write(part)
      blocks += 1
      onProgress?.({ type: 'pack:car', bytes: carBytes })
    }
    const after = await file.stat({ bigint: true })
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw new FileChangedError(path)
    return { rootCid: root.toString(), ...pieceInfo(hasher.digest()), blocks, fileBytes: store.fileBytes }
  })
}
