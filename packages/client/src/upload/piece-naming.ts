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
  const passed = async (start: number, bytes: Uint8Array): Promise<void> => {
    if (start > hashed || start + bytes.length <= hashed) return
    const next = bytes.subarray(hashed - start)
    // Before it is waited for: the same bytes may pass on their way to another provider meanwhile.
    hashed = start + bytes.length
    await hasher.write(next)
  }
  return {
    through: (source) => ({
      size: source.size,
      async read(start, end, memory) {
        const bytes = await source.read(start, end, memory)
        await passed(start, bytes)
        return bytes
      },
    }),
    async finish(source, { signal }) {
      const memory = new Uint8Array(Math.min(source.size - hashed, READ_BYTES))
      while (hashed < source.size) {
        signal?.throwIfAborted()
        const start = hashed
        await passed(start, await source.read(start, Math.min(source.size, start + memory.length), memory))
      }
      return (await hasher.digest()).pieceCid
    },
  }
}
