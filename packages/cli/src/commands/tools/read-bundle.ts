import { open } from 'node:fs/promises'

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
