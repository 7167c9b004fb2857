/**
 * U, the unit of the figures: the time of one 64-byte block of SHA-256 at the bulk rate of this machine at this moment.
 * Measured as `openssl speed -evp sha256 -bytes 16384` does, with the OpenSSL that Node brings: in processor time, which
 * other programs do not lengthen.
 */
import { createHash } from 'node:crypto'
import { processorMs } from './processor-ms.ts'

const BUFFER_BYTES = 16_384
const BLOCK_BYTES = 64
/** Between two looks at the clock: about a millisecond. */
const BUFFERS = 64
const WINDOW_MS = 150

/** In nanoseconds. */
export function bulkBlockNs(): number {
  const buffer = new Uint8Array(BUFFER_BYTES)
  const hash = createHash('sha256')
  const start = process.cpuUsage()
  let blocks = 0
  let ms = 0
  while (ms < WINDOW_MS) {
    for (let i = 0; i < BUFFERS; i += 1) hash.update(buffer)
    blocks += (BUFFERS * BUFFER_BYTES) / BLOCK_BYTES
    ms = processorMs(start)
  }
  return (ms * 1e6) / blocks
}
