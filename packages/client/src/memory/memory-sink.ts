/** A fetched file in memory. */
import type { Sink } from '../ports.ts'

export interface MemorySink extends Sink {
  /** What was fetched; empty before. */
  blob(): Blob
}

export function memorySink(): MemorySink {
  let whole = new Blob()
  return {
    blob: () => whole,
    async write(contents) {
      const parts: Uint8Array<ArrayBuffer>[] = []
      for await (const part of contents((offset, length) => reread(parts, offset, length))) parts.push(part.slice())
      whole = new Blob(parts)
      return whole.size
    },
  }
}

async function* reread(
  parts: readonly Uint8Array<ArrayBuffer>[],
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const part of parts) {
    const found = part.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at))
    if (found.length > 0) yield found
    at += part.length
  }
}
