/** A verified file to disk. Parts that the file repeats are read back from it, so memory holds a block and the index. */

import { replaceFile } from '@granary/base/node'
import { verifiedFile } from '../verified-file.ts'
import { readRange } from './read-range.ts'

export interface SaveOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: { readonly type: 'save:bytes'; readonly bytes: number }) => void) | undefined
}

/**
 * The file appears at `path` only when all of it is verified and on the disk.
 * @returns its length in bytes
 * @throws what verifiedFile throws
 */
export async function saveVerifiedFile(
  rootCid: string,
  car: AsyncIterable<Uint8Array>,
  path: string,
  { signal, onProgress }: SaveOptions = {},
): Promise<number> {
  return replaceFile(path, async (file) => {
    let bytes = 0
    const reread = (offset: number, length: number): AsyncIterable<Uint8Array> => readRange(file, offset, length)
    for await (const part of verifiedFile(rootCid, car, { signal, reread })) {
      // Not at a position of its own: reads by position do not move the end where this writes.
      await file.writeFile(part)
      bytes += part.length
      onProgress?.({ type: 'save:bytes', bytes })
    }
    return bytes
  })
}
