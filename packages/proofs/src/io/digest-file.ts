/** SHA-256 of a file, in constant memory. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

const READ_BYTES = 1 << 20

/** Hex; undefined when there is no such file. Rejects with the signal's reason when aborted. */
export async function digestFile(path: string, signal?: AbortSignal): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
      signal?.throwIfAborted()
      hash.update(chunk as Uint8Array)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return hash.digest('hex')
}
