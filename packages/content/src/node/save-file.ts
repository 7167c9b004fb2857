/** A file that comes in parts, to the disk. */
import { replaceFile } from '@granary/base/node'

/**
 * The file appears at `path` only when all of it is on the disk.
 * @returns its length in bytes
 * @throws what `contents` throws, and the system's errors
 */
export async function saveFile(path: string, contents: AsyncIterable<Uint8Array>): Promise<number> {
  return replaceFile(path, async (file) => {
    let bytes = 0
    for await (const part of contents) {
      await file.writeFile(part)
      bytes += part.length
    }
    return bytes
  })
}
