/** A piece's commitment over bytes as they pass, by the C kernel. */
import { type PieceHasher, pieceHasherOver } from '../piece-of.ts'

/** Beside the calling thread. */
export async function createKernelPieceHasher(): Promise<PieceHasher> {
  // Loaded when there is a piece: a put names its content before, and is waited for.
  const { createKernelPieceHasher: createHasher } = await import('@granary/proofs/piece/node')
  return pieceHasherOver(createHasher())
}
