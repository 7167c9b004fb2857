/** A secret's file appears whole or not at all, only its owner reads it, and one that exists is never replaced. */
import { dirname } from 'node:path'
import { createFile, makeFolder } from '@granary/base/node'

/** @returns false when `path` exists already; it is then untouched */
export async function writeNewFile(path: string, content: string): Promise<boolean> {
  await makeFolder(dirname(path), 0o700)
  try {
    await createFile(path, (file) => file.writeFile(content), 0o600)
    return true
  } catch (error) {
    if (Error.isError(error) && (error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
