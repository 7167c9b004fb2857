/** A file that comes in parts, to the disk. Who makes the parts can read back what it has given, so that it need not keep it. */
import { replaceFile } from '@granary/base/node'
import { readRange } from './read-range.ts'

export type Reread = (offset: number, length: number) => AsyncIterable<Uint8Array>

/**
 * The file appears at `path` only when all of it is on the disk: `saveFile(path, (reread) => verifiedFile(cid, car, { reread }))`.
 * @returns its length in bytes
 * @throws what `contents` throws, and the system's errors
 */
export async function saveFile(path: string, contents: (reread: Reread) => AsyncIterable<Uint8Array>): Promise<number> {
  return replaceFile(path, async (file) => {
    let bytes = 0
    for await (const part of contents((offset, length) => readRange(file, offset, length))) {
      // Not at a position of its own: reads by position do not move the end where this writes.
      await file.writeFile(part)
      bytes += part.length
    }
    return bytes
  })
}
