/** A DAG whose leaves are still in their files → CAR and its piece, in one pass. */

import { replaceFile } from '@granary/base/node'
import type { CID } from 'multiformats/cid'
import type { ImportProgress } from '../import-file.ts'
import type { PieceInfo } from '../piece-of.ts'
import { walkDag } from '../walk-dag.ts'
import { carHeader, carSection } from '../write-car.ts'
import { createKernelPieceHasher } from './create-kernel-piece-hasher.ts'
import type { SourceStore } from './source-store.ts'

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
  /** Of all files. */
  readonly fileBytes: number
}

/** @param check whether the files are still what they were; throws when they are not, and nothing is left then */
export function writePackedCar(
  i: { root: CID; store: SourceStore; carPath: string; fileBytes: number; check(): Promise<void> },
  { signal, onProgress }: PackOptions,
): Promise<PackedFile> {
  const { root, store, fileBytes } = i
  return replaceFile(i.carPath, async (car) => {
    const hasher = await createKernelPieceHasher()
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
    await i.check()
    return { rootCid: root.toString(), ...hasher.digest(), blocks, fileBytes }
  })
}
