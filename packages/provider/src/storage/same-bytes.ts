/** Whether two files, or all files of two folders, hold the same bytes: both are read, a part at a time. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const PART_BYTES = 1024 * 1024

/** @throws what reading throws; AbortError */
export async function sameBytes(one: string, other: string, signal: AbortSignal): Promise<boolean> {
  await using a = await open(one)
  await using b = await open(other)
  const parts = [Buffer.alloc(PART_BYTES), Buffer.alloc(PART_BYTES)] as const
  for (let at = 0; ; at += PART_BYTES) {
    signal.throwIfAborted()
    const [here, there] = await Promise.all([readPart(a, parts[0], at), readPart(b, parts[1], at)])
    if (!here.equals(there)) return false
    if (here.length < PART_BYTES) return true
  }
}

/** A piece, or the folder of a sector with all that is in it; false where one of them cannot be read. */
export async function sameItem(one: string, other: string): Promise<boolean> {
  try {
    if (!(await stat(one)).isDirectory()) return await sameFile(one, other)
    const [names, others] = await Promise.all([readdir(one), readdir(other)])
    if (names.toSorted().join('/') !== others.toSorted().join('/')) return false
    for (const name of names) if (!(await sameFile(join(one, name), join(other, name)))) return false
    return true
  } catch {
    return false
  }
}

async function sameFile(one: string, other: string): Promise<boolean> {
  const [here, there] = await Promise.all([stat(one), stat(other)])
  if (!here.isFile() || !there.isFile() || here.size !== there.size) return false
  return await sameBytes(one, other, new AbortController().signal)
}

async function readPart(file: FileHandle, memory: Buffer, from: number): Promise<Buffer> {
  let filled = 0
  while (filled < memory.length) {
    const { bytesRead } = await file.read(memory, filled, memory.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return memory.subarray(0, filled)
}
