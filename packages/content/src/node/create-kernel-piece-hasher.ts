/** A piece's commitment over bytes as they pass, by the C kernel. */
import { createKernelPieceHasher as createHasher } from '@granary/proofs/piece/node'
import { type PieceHasher, pieceHasherOver } from '../piece-of.ts'

/** Beside the calling thread. */
export async function createKernelPieceHasher(): Promise<PieceHasher> {
  return pieceHasherOver(createHasher())
}
