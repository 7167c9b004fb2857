/** A folder for the time of a measurement, and bytes to fill files with. Everything in it is removed, however it ends. */
import { createCipheriv } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CHUNK_BYTES = 1 << 20

export async function withWorkshop<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same bytes each time, without a pattern; in the page cache afterwards. */
export async function writeNoise(path: string, size: number): Promise<void> {
  const stream = createCipheriv('aes-128-ctr', new Uint8Array(16), new Uint8Array(16))
  const zeros = new Uint8Array(CHUNK_BYTES)
  await using file = await open(path, 'w')
  for (let left = size; left > 0; left -= CHUNK_BYTES)
    await file.writeFile(stream.update(zeros.subarray(0, Math.min(left, CHUNK_BYTES))))
}
