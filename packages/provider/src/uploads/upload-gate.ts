/**
 * Keeps what changes an upload's file and what agrees on it apart: the provider signs for the bytes that it has verified,
 * and nobody may take them away or write to them in between. Nobody waits here: who comes second is told to come again.
 */
import { UploadBusyError } from './upload-errors.ts'

export interface UploadGate {
  /** @throws UploadBusyError while it is being agreed on */
  check(uploadId: string): void
  /** What changes the file; any number at once. @throws UploadBusyError while it is being agreed on */
  enter(uploadId: string): Disposable
  /** The agreement. @throws UploadBusyError while something is inside, or another agreement */
  close(uploadId: string): Disposable
}

export function createUploadGate(): UploadGate {
  const inside = new Map<string, number>()
  const closed = new Set<string>()
  const check = (uploadId: string): void => {
    if (closed.has(uploadId)) throw new UploadBusyError(uploadId, 'is being agreed on')
  }
  return {
    check,
    enter: (uploadId) => {
      check(uploadId)
      inside.set(uploadId, (inside.get(uploadId) ?? 0) + 1)
      return {
        [Symbol.dispose]: () => {
          const left = (inside.get(uploadId) ?? 0) - 1
          if (left > 0) inside.set(uploadId, left)
          else inside.delete(uploadId)
        },
      }
    },
    close: (uploadId) => {
      if (inside.has(uploadId)) throw new UploadBusyError(uploadId, 'is still being written')
      check(uploadId)
      closed.add(uploadId)
      return { [Symbol.dispose]: () => void closed.delete(uploadId) }
    },
  }
}
