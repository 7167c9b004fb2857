/** Compares two files byte by byte, with memory for one chunk of each. */
import { type FileHandle, open } from 'node:fs/promises'
import { GranaryError } from '@granary/base'

const CHUNK_BYTES = 1 << 20

export class BytesDifferError extends GranaryError {
  constructor(original: string, offset: number) {
    super({
      code: 'BYTES_DIFFER',
      message: `what came back differs from ${original} at byte ${offset}`,
      hint: 'this must never happen: please report it, with the file if you can',
      details: { original, offset },
    })
  }
}

/** @returns how many bytes are the same. @throws BytesDifferError */
export async function compareBytes(original: string, copy: string): Promise<number> {
  await using one = await open(original, 'r')
  await using other = await open(copy, 'r')
  for (let offset = 0; ; ) {
    const [a, b] = await Promise.all([chunkAt(one, offset), chunkAt(other, offset)])
    if (!a.equals(b)) throw new BytesDifferError(original, offset + firstDifference(a, b))
    if (a.length === 0) return offset
    offset += a.length
  }
}

async function chunkAt(file: FileHandle, offset: number): Promise<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(chunk, length, CHUNK_BYTES - length, offset + length)
    length += bytesRead
    if (bytesRead === 0 || length === CHUNK_BYTES) return chunk.subarray(0, length)
  }
}

function firstDifference(a: Buffer, b: Buffer): number {
  let index = 0
  while (index < a.length && a[index] === b[index]) index += 1
  return index
}
