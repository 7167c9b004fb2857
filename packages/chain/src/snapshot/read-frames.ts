/** The frames of a snapshot, one after the other. */
import type { FileHandle } from 'node:fs/promises'
import { SnapshotInvalidError } from './errors.ts'
import { FRAME_BYTES_MAX } from './snapshot-format.ts'

/** @throws SnapshotInvalidError when the file ends within a frame */
export async function* readFrames(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  const { size } = await file.stat()
  for (let offset = 0; offset < size; ) {
    const length = (await readExactly(4, offset)).readUInt32BE()
    if (length > FRAME_BYTES_MAX || length > size - offset - 4) throw new SnapshotInvalidError(path, 'it is cut off')
    yield new Uint8Array(await readExactly(length, offset + 4))
    offset += 4 + length
  }

  async function readExactly(length: number, position: number): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
    if (bytesRead !== length) throw new SnapshotInvalidError(path, 'it is cut off')
    return buffer
  }
}
