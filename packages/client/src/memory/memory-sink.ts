/** A fetched file in memory. */
import type { Sink } from '../ports.ts'

/** A sink whose file can be asked for. */
export interface MemorySink extends Sink {
  /** What was fetched; empty before. */
  blob(): Blob
}

/** A sink in memory, for one file. */
export function memorySink(): MemorySink {
  let whole = new Blob()
  return {
    blob: () => whole,
    async write(contents) {
      const parts: Uint8Array<ArrayBuffer>[] = []
      for await (const part of contents) parts.push(part.slice())
      whole = new Blob(parts)
      return whole.size
    },
  }
}
