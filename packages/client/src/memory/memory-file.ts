/** A file that a page or a program has at hand. */
import type { Source } from '../ports.ts'

export interface MemoryFile extends Source {
  readonly blob: Blob
}

/** @param name what a person calls it */
export function memoryFile(name: string, content: Blob | Uint8Array<ArrayBuffer>): MemoryFile {
  const blob = content instanceof Blob ? content : new Blob([content])
  return { name, bytes: blob.size, blob }
}
