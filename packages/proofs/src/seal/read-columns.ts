/** Column hashes of a few nodes, from the layers' files. docs/spec/proofs.md section 7. */
import type { FileHandle } from 'node:fs/promises'
import { readExactly } from '../io/read-exactly.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openSectorFile } from './open-sector-file.ts'
import { sectorFiles } from './sector-files.ts'

/** Column hashes of the nodes at `offset` … `offset + length` bytes. */
export async function readColumns(
  kernel: Kernel,
  layers: readonly FileHandle[],
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const columns = new Uint8Array(length)
  const labels = await Promise.all(layers.map((file) => readExactly(file, offset, length)))
  kernel.hashColumns(labels, columns)
  return columns
}

/** Opens layers 1 … L for the time of `use`. */
export async function withLayers<T>(dir: string, layers: number, use: (files: FileHandle[]) => Promise<T>): Promise<T> {
  const files: FileHandle[] = []
  try {
    for (let layer = 1; layer <= layers; layer += 1)
      files.push(await openSectorFile(dir, sectorFiles(dir).layer(layer)))
    return await use(files)
  } finally {
    for (const file of files) await file.close()
  }
}
