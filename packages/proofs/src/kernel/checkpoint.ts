/** How much of an unfinished file is sound: "<count> <sha256>\n" of its first items. Replaced whole. */
import { readFile } from 'node:fs/promises'
import { writeFileDurably } from '@granary/base/node'
import type { Checkpoint } from './kernel.ts'

const FORM = /^(\d{1,15}) ([0-9a-f]{64})\n$/

/** Undefined where there is none, or no sound one. */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [, count, sha256] = FORM.exec(text) ?? []
  return count === undefined || sha256 === undefined ? undefined : { count: Number(count), sha256 }
}

export async function writeCheckpoint(path: string, { count, sha256 }: Checkpoint): Promise<void> {
  await writeFileDurably(path, `${count} ${sha256}\n`)
}
