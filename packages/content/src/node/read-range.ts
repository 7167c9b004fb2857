/** Bytes of an open file. */
import type { FileHandle } from 'node:fs/promises'

const READ_BYTES = 1024 * 1024

/** Up to `length` bytes in chunks of 1 MiB; ends early where the file ends. */
export async function* readRange(file: FileHandle, offset: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < offset + length; ) {
    const chunk = await readAt(file, at, Math.min(READ_BYTES, offset + length - at))
    if (chunk.length === 0) return
    at += chunk.length
    yield chunk
  }
}

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
