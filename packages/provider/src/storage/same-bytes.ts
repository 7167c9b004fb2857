/** Whether two files hold the same bytes: both are read, a part at a time. */
import { type FileHandle, open } from 'node:fs/promises'

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

async function readPart(file: FileHandle, memory: Buffer, from: number): Promise<Buffer> {
  let filled = 0
  while (filled < memory.length) {
    const { bytesRead } = await file.read(memory, filled, memory.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return memory.subarray(0, filled)
}
