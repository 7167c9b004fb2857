/**
 * A file or folder → DAG → CAR → piece in one go: the files are read twice, first for the DAG, then for the CAR and its
 * commitment. A file that changes in between is refused, and nothing is left then. Only places are in memory: half a MB for
 * each GiB.
 */
import { stat } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { GranaryError } from '@granary/base'
import { replaceFile } from '@granary/base/node'
import type { ImportOptions, ImportProgress } from '../import-file.ts'
import { FileChangedError } from '../manifest/file-changed-error.ts'
import { memoryBlockTable } from '../manifest/memory-block-table.ts'
import { pieceCar } from '../manifest/piece-car.ts'
import { readManifest } from '../manifest/read-manifest.ts'
import type { PieceInfo } from '../piece-of.ts'
import { createKernelPieceHasher } from './create-kernel-piece-hasher.ts'
import { createLeafReader } from './leaf-reader.ts'
import { type FileSeen, type PathTreeOptions, pathTree } from './path-tree.ts'

const WRITE_BYTES = 1024 * 1024

export interface PackProgress {
  readonly type: 'pack:car'
  /** Bytes of the CAR written so far. */
  readonly bytes: number
}

export interface PackOptions extends PathTreeOptions, Pick<ImportOptions, 'profile' | 'signal'> {
  /** The name of the content in a folder around it. @default no folder is put around it */
  readonly wrap?: string | undefined
  readonly onProgress?: ((progress: ImportProgress | PackProgress) => void) | undefined
}

export interface PackedPath extends PieceInfo {
  readonly rootCid: string
  /** Blocks in the CAR. */
  readonly blocks: number
  /** Of all files. */
  readonly fileBytes: number
}

export class CarInFolderError extends GranaryError {
  constructor(folder: string, carPath: string) {
    super({
      code: 'CAR_IN_FOLDER',
      message: `${carPath} would be in ${folder}, which is to be packed: the next CAR would hold this one`,
      hint: 'write the CAR to a place outside of the folder',
    })
  }
}

/** @throws FileUnreadableError FILE_UNREADABLE, FileChangedError FILE_CHANGED, CarInFolderError CAR_IN_FOLDER */
export async function packPath(path: string, carPath: string, options: PackOptions = {}): Promise<PackedPath> {
  const seen: FileSeen[] = []
  const tree = await pathTree(path, options, (file) => void seen.push(file))
  const inside = relative(resolve(path), resolve(carPath))
  if (tree.kind === 'folder' && inside !== '..' && !inside.startsWith(`..${sep}`))
    throw new CarInFolderError(path, carPath)
  const table = memoryBlockTable()
  const wrap = options.wrap === undefined ? undefined : { name: options.wrap }
  const { root, blocks, fileBytes, cuts } = await readManifest(tree, table, {
    ...options,
    wrap,
    pieceSizeMax: undefined,
  })
  const [cut] = cuts
  if (cut === undefined) throw new RangeError('a DAG without a block')
  await using leaves = createLeafReader((file) => seen[file]!)
  const car = pieceCar({
    root,
    table,
    cut,
    nameOf: (file) => seen[file]!.path,
    readLeaf: (place, memory) => leaves.read(place, memory),
  })
  return await replaceFile(carPath, async (out) => {
    const hasher = await createKernelPieceHasher()
    const memory = new Uint8Array(Math.min(car.size, WRITE_BYTES))
    for (let at = 0; at < car.size; at += WRITE_BYTES) {
      options.signal?.throwIfAborted()
      const part = await car.read(at, Math.min(car.size, at + WRITE_BYTES), memory)
      await hasher.write(part)
      await out.writeFile(part)
      options.onProgress?.({ type: 'pack:car', bytes: at + part.length })
    }
    for (const file of seen) await checkUnchanged(file)
    return { rootCid: root.toString(), ...(await hasher.digest()), blocks, fileBytes }
  })
}

/** Those that were read to their ends before the last part was written have not been looked at since. */
async function checkUnchanged({ path, bytes, mtimeNs }: FileSeen): Promise<void> {
  const now = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw new FileChangedError(path, cause)
  })
  if (now.size !== BigInt(bytes) || now.mtimeNs !== mtimeNs) throw new FileChangedError(path)
}
