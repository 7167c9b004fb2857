/**
 * Where a daemon's lines go: a descriptor that is written at once, so that no line is lost whatever ends the process. Node has
 * pipes and sockets not block; what a slow reader does not take yet waits here, up to a limit, and costs the daemon nothing.
 * SonicBoom, which pino brings, keeps lines back for a thread, and at the end of a process whose reader is gone tries for ever.
 */
import { writeSync } from 'node:fs'

export interface LogDestination {
  write(line: string): void
}

export interface LogDestinationOptions {
  /** Some lines found no room: called when there is room again. */
  readonly onDropped: (lines: number) => void
  /** @default 8 MiB, hours of a large provider's lines */
  readonly waitingMaxBytes?: number
}

const WAITING_MAX_BYTES = 8 * 2 ** 20
const AGAIN_MS = 20
/** At the end of the process: a reader that takes nothing for so long is not waited for. */
const EXIT_MS = 1_000

export function createLogDestination(
  fd: number,
  { onDropped, waitingMaxBytes = WAITING_MAX_BYTES }: LogDestinationOptions,
): LogDestination {
  const waiting: Buffer[] = []
  let waitingBytes = 0
  let dropped = 0
  let isClosed = false
  let isFailing = false

  /** False: the reader is behind. */
  function writeWaiting(): boolean {
    for (let bytes = waiting[0]; bytes !== undefined; bytes = waiting[0]) {
      try {
        const written = writeSync(fd, bytes)
        isFailing = false
        waitingBytes -= written
        if (written < bytes.length) waiting[0] = bytes.subarray(written)
        else waiting.shift()
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EAGAIN') return false
        // A reader that has gone does not come back. A disk that is full may have room for a later line.
        if (code === 'EPIPE' || code === 'EBADF') isClosed = true
        isFailing = true
        dropped += waiting.length
        waiting.length = 0
        waitingBytes = 0
      }
    }
    return true
  }

  function writeLater(): void {
    // It holds the process: its lines are its last.
    setTimeout(() => {
      if (!writeWaiting()) return writeLater()
      process.removeListener('exit', writeLast)
      sayDropped()
    }, AGAIN_MS)
  }

  function sayDropped(): void {
    const lines = dropped
    if (lines === 0 || isFailing) return
    dropped = 0
    onDropped(lines)
  }

  function writeLast(): void {
    const untilMs = Date.now() + EXIT_MS
    const pause = new Int32Array(new SharedArrayBuffer(4))
    while (!writeWaiting() && Date.now() < untilMs) Atomics.wait(pause, 0, 0, AGAIN_MS)
  }

  return {
    write: (line) => {
      if (isClosed) return
      const bytes = Buffer.from(line)
      if (waitingBytes + bytes.length > waitingMaxBytes) {
        dropped += 1
        return
      }
      const isBehind = waiting.length > 0
      waiting.push(bytes)
      waitingBytes += bytes.length
      if (isBehind) return
      if (writeWaiting()) return sayDropped()
      process.once('exit', writeLast)
      writeLater()
    },
  }
}
