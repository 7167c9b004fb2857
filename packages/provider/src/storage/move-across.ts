/** A file whose bytes are synced gets another name, on another disk too: whole under it, or not there. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { moveFile, syncFolder } from '@granary/base/node'
import { copyDurably } from './copy-durably.ts'

export async function moveAcross(from: string, to: string): Promise<void> {
  try {
    return await moveFile(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
  }
  // Others are moved into the same folder in the same millisecond.
  const copy = join(dirname(to), `moving-${randomUUID()}`)
  try {
    await copyDurably(from, copy)
    await moveFile(copy, to)
  } finally {
    await rm(copy, { force: true })
  }
  await rm(from, { force: true })
  await syncFolder(dirname(from))
}
