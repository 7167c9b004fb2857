/** A finished file gets its name: what is under the name is always whole, also after a power cut. */
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeNewFile } from './write-new-file.ts'

/** @param temporary written and synced, in the same folder as `path` */
export async function commitFile(temporary: string, path: string): Promise<void> {
  await rename(temporary, path)
  const folder = await open(dirname(path))
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  await writeNewFile(temporary, bytes)
  await commitFile(temporary, path)
}
