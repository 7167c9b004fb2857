/** Hashes a piece while it is sent, so that its bytes are read once; what did not pass, since it had been sent before, is read. */
import type { PieceHasher } from '@granary/content'
import type { CallOptions } from '../call-options.ts'
import type { PieceSource } from '../ports.ts'

const READ_BYTES = 4 << 20

export interface PieceNaming {
  /** The same bytes, which are hashed as they are read in order. */
  through(source: PieceSource): PieceSource
  /** @returns the piece CID of all that there is in the source */
  finish(source: PieceSource, options: CallOptions): Promise<string>
}

export function createPieceNaming(hasher: PieceHasher): PieceNaming {
  let hashed = 0
  const passed = (start: number, bytes: Uint8Array): void => {
    if (start > hashed || start + bytes.length <= hashed) return
    hasher.write(bytes.subarray(hashed - start))
    hashed = start + bytes.length
  }
  return {
    through: (source) => ({
      size: source.size,
      async read(start, end) {
        const bytes = await source.read(start, end)
        passed(start, bytes)
        return bytes
      },
    }),
    async finish(source, { signal }) {
      while (hashed < source.size) {
        signal?.throwIfAborted()
        const start = hashed
        passed(start, await source.read(start, Math.min(source.size, start + READ_BYTES)))
      }
      return hasher.digest().pieceCid
    },
  }
}
