/** Bundles in files. */
import { open, rename, rm } from 'node:fs/promises'

/** Whole or not at all. */
export async function writeBundle(path: string, bundle: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await using file = await open(temporary, 'w')
    await file.writeFile(bundle)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** What a file holds, or, of one that is too long to be this bundle, a byte more than the bundle has. */
export async function readBundle(path: string, expectedBytes: number): Promise<Uint8Array> {
  await using file = await open(path)
  const bytes = new Uint8Array(expectedBytes + 1)
  let filled = 0
  for (;;) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled)
    filled += bytesRead
    if (bytesRead === 0 || filled === bytes.length) return bytes.subarray(0, filled)
  }
}
