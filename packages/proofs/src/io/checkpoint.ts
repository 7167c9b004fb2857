/** How much of an unfinished file is sound: "<count> <sha256>\n" of its first items. Replaced whole. */
import { readFile, rename } from 'node:fs/promises'
import type { Checkpoint } from '../kernel/kernel.ts'
import { writeNewFile } from './write-new-file.ts'

const FORM = /^(\d{1,15}) ([0-9a-f]{64})\n$/

/** Undefined where there is none, or no sound one. */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [, count, sha256] = FORM.exec(text) ?? []
  return count === undefined || sha256 === undefined ? undefined : { count: Number(count), sha256 }
}

export async function writeCheckpoint(path: string, { count, sha256 }: Checkpoint): Promise<void> {
  await writeNewFile(`${path}.tmp`, Buffer.from(`${count} ${sha256}\n`))
  await rename(`${path}.tmp`, path)
}
