/**
 * U, the unit of the figures: the time of one 64-byte block of SHA-256 at the bulk rate of this machine at this moment.
 * Measured as `openssl speed -evp sha256 -bytes 16384` does, by the same OpenSSL that Node brings.
 */
import { createHash } from 'node:crypto'

const BUFFER_BYTES = 16_384
const BLOCK_BYTES = 64
/** Between two looks at the clock. */
const BUFFERS = 64
const WINDOW_MS = 150

/** In nanoseconds. */
export function bulkBlockNs(): number {
  const buffer = new Uint8Array(BUFFER_BYTES)
  const hash = createHash('sha256')
  const startMs = performance.now()
  let blocks = 0
  let elapsedMs = 0
  while (elapsedMs < WINDOW_MS) {
    for (let i = 0; i < BUFFERS; i += 1) hash.update(buffer)
    blocks += (BUFFERS * BUFFER_BYTES) / BLOCK_BYTES
    elapsedMs = performance.now() - startMs
  }
  return (elapsedMs * 1e6) / blocks
}
