/**
 * The body of a request into a file, as it comes. What the socket brings is new memory each time: it is let go of as soon as it is
 * written (ADR 73).
 */
import type { WriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { letGo } from '@granary/base'

export interface WriteBodyOptions {
  /** Sees the bytes before they are written, and may refuse them by throwing. */
  readonly onBytes: (bytes: Uint8Array) => void
  /** So many more of them are in the file. */
  readonly onWritten?: (bytes: number) => void
  /** Ends the writing with what has come until then. */
  readonly signal: AbortSignal
}

/** When it ends, in whatever way, the file is closed, and the body goes on and is not kept. */
export async function writeBody(body: Readable, file: WriteStream, options: WriteBodyOptions): Promise<void> {
  const { onBytes, onWritten, signal } = options
  const refused = Promise.withResolvers<never>()
  const take = (bytes: Buffer): void => {
    try {
      onBytes(bytes)
    } catch (error) {
      body.off('data', take)
      refused.reject(error)
      return
    }
    gather(file)
    const { length } = bytes
    const isTaken = file.write(bytes, (error) => {
      letGo(bytes)
      if (error == null) onWritten?.(length)
    })
    if (!isTaken) body.pause()
  }
  file.on('drain', () => body.resume())
  body.on('data', take)
  const written = finished(file)
  try {
    await Promise.race([finished(body, { writable: false, cleanup: true, signal }), refused.promise, written])
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    body.off('data', take).on('data', letGo).resume()
    file.end()
    await written
  }
}

/** What comes in one turn is written at once. */
function gather(file: WriteStream): void {
  if (file.writableCorked > 0) return
  file.cork()
  setImmediate(() => file.uncork())
}
