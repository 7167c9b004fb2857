/** What a folder takes of its disk, as `du` counts it: by blocks, which a file with holes has fewer of than bytes. */
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const BLOCK_BYTES = 512

/** Of a file, or of a folder without what is in it; 0 when it is not there. */
export async function bytesOf(path: string): Promise<number> {
  return ((await lstat(path).catch(ignoreMissing))?.blocks ?? 0) * BLOCK_BYTES
}

/** What goes away meanwhile counts as gone. */
export async function bytesUnder(path: string): Promise<number> {
  const status = await lstat(path).catch(ignoreMissing)
  if (status === undefined) return 0
  let sum = status.blocks * BLOCK_BYTES
  if (!status.isDirectory()) return sum
  // One after the other: a disk with 10⁵ sectors is not to be asked for all of them at once.
  for (const name of (await readdir(path).catch(ignoreMissing)) ?? []) sum += await bytesUnder(join(path, name))
  return sum
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
