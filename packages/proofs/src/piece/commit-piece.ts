/** CommP of an async stream. No node: imports. */
import { loadPairHasher } from '../spec/load-pair-hasher.ts'
import { createPieceHasher, type PieceCommitment } from '../spec/piece-hasher.ts'

/** Constant memory, any length, 0 included. Rejects with the signal's reason when aborted. */
export async function commitPiece(
  source: AsyncIterable<Uint8Array>,
  options: { signal?: AbortSignal } = {},
): Promise<PieceCommitment> {
  options.signal?.throwIfAborted()
  const hasher = createPieceHasher(await loadPairHasher())
  for await (const bytes of source) {
    options.signal?.throwIfAborted()
    hasher.write(bytes)
  }
  return hasher.digest()
}
