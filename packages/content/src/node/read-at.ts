/** Bytes of an open file. */
import type { FileHandle } from 'node:fs/promises'

/** `length` bytes at `offset`, fewer only where the file ends. @param bytes as long, where they are put */
export async function readAt(
  file: FileHandle,
  offset: number,
  length: number,
  bytes: Uint8Array = new Uint8Array(length),
): Promise<Uint8Array> {
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled === length ? bytes : bytes.subarray(0, filled)
}
