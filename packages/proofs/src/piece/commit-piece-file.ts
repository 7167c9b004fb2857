/** CommP of a file, by the kernel. Node only. */
import { open } from 'node:fs/promises'
import { openKernel } from '../kernel/open-kernel.ts'
import { createPieceHasher, type PieceCommitment } from './piece-hasher.ts'

const CHUNK_BYTES = 1 << 20

/** Constant memory, any length, 0 included. Rejects with the signal's reason when aborted, and as `open` does. */
export async function commitPieceFile(
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<PieceCommitment> {
  const { signal } = options
  signal?.throwIfAborted()
  const hasher = createPieceHasher(openKernel().kernel.hashPairs254)
  const file = await open(path)
  try {
    const chunk = new Uint8Array(CHUNK_BYTES)
    for (;;) {
      signal?.throwIfAborted()
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null)
      if (bytesRead === 0) return hasher.digest()
      hasher.write(chunk.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}
