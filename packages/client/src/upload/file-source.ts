/** A staged file as something that an upload can read from anywhere. */
import { open } from 'node:fs/promises'
import type { PieceSource } from '../providers/upload-piece.ts'

export async function openFileSource(path: string): Promise<PieceSource & AsyncDisposable> {
  const file = await open(path, 'r')
  const { size } = await file.stat()
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start)
      let done = 0
      while (done < bytes.length) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done)
        if (bytesRead === 0) throw new RangeError(`${path} ends at ${start + done}, ${end} was expected`)
        done += bytesRead
      }
      return bytes
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
