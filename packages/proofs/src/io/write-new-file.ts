/** Writes a whole file and syncs it. */
import { open } from 'node:fs/promises'

export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    // writeFile goes on after short writes, which one write may give for gigabytes.
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}
