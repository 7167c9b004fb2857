/** A file or a folder copied, on the disk when it resolves: all but the name of the copy itself, which who gives it syncs. */
import { copyFile, lstat, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFile, syncFolder } from '@granary/base/node'

export async function copyDurably(from: string, to: string): Promise<void> {
  if (!(await lstat(from)).isDirectory()) {
    await copyFile(from, to)
    return await syncFile(to)
  }
  await mkdir(to)
  for (const name of await readdir(from)) await copyDurably(join(from, name), join(to, name))
  await syncFolder(to)
}
