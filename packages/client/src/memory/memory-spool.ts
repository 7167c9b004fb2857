/** A spool in memory. */
import type { Spool } from '../ports.ts'
import { blobSpool } from '../sources/blob-spool.ts'
import type { ContentSource } from '../sources/content-source.ts'

export function memorySpool(): Spool<ContentSource> {
  let drafts = 0
  return blobSpool({
    nameOf: () => `draft-${drafts++}`,
    async create() {
      const parts: Blob[] = []
      return {
        // A Blob a chunk: a browser moves them to its disk, and the stream may use its memory again.
        write: async (chunk) => void parts.push(new Blob([chunk.slice()])),
        close: async () => new Blob(parts),
        abort: async () => undefined,
      }
    },
    remove: async () => undefined,
  })
}
