/**
 * Keeps what changes an upload's file and what agrees on it apart: the provider signs for the bytes that it has verified,
 * and nobody may take them away or write to them in between. Nobody waits here: who comes second is told to come again.
 */
import { UploadBusyError } from './upload-errors.ts'

export interface UploadGate {
  /** A request that may change the file; any number of them. @throws UploadBusyError while it is being agreed on */
  enter(uploadId: string): Disposable
  /** The agreement. @throws UploadBusyError while a request is inside, or another agreement */
  close(uploadId: string): Disposable
}

export function createUploadGate(): UploadGate {
  const inside = new Map<string, number>()
  const closed = new Set<string>()
  return {
    enter: (uploadId) => {
      if (closed.has(uploadId)) throw new UploadBusyError(uploadId, 'is being agreed on')
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
      if (closed.has(uploadId)) throw new UploadBusyError(uploadId, 'is being agreed on')
      closed.add(uploadId)
      return { [Symbol.dispose]: () => void closed.delete(uploadId) }
    },
  }
}
