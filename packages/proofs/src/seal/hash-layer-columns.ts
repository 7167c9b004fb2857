/** Columns of labels and the tree over them: layers → tree-c, root CommC. docs/spec/proofs.md section 7. */
import type { FileHandle } from 'node:fs/promises'
import { commitFile } from '../io/commit-file.ts'
import { readExactly } from '../io/read-exactly.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { createTreeWriter } from '../merkle/stored-tree.ts'
import type { Profile } from '../profile.ts'
import { openSectorFile } from './open-sector-file.ts'
import { sectorChunks } from './sector-chunks.ts'
import { sectorFiles } from './sector-files.ts'

export async function hashLayerColumns(i: {
  kernel: Kernel
  dir: string
  profile: Profile
  signal: AbortSignal | undefined
}): Promise<Uint8Array> {
  const path = sectorFiles(i.dir).treeC
  const temporary = `${path}.tmp`
  const tree = await createTreeWriter(temporary, i.profile.nodes, i.kernel.hashPairs)
  try {
    await withLayers(i.dir, i.profile.layers, async (layers) => {
      for (const { offset, length } of sectorChunks(i.profile.sectorBytes)) {
        i.signal?.throwIfAborted()
        await tree.write(await readColumns(i.kernel, layers, offset, length))
      }
    })
    const root = await tree.finish()
    await commitFile(temporary, path)
    return root
  } finally {
    await tree.close()
  }
}

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
