/** CAR → piece: the commitment that the chain proves, over the CAR's bytes. docs/spec/proofs.md, pieces. */
import { commitPiece, type PieceCommitment } from '@granary/proofs/piece'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { ReadOptions } from './store.ts'

export interface PieceInfo {
  readonly pieceCid: string
  /** Bytes after fr32 padding: a power of two. */
  readonly pieceSize: number
  /** Bytes of the CAR. */
  readonly payloadSize: number
}

export async function pieceOf(car: AsyncIterable<Uint8Array>, options: ReadOptions = {}): Promise<PieceInfo> {
  return pieceInfo(await commitPiece(car, options.signal === undefined ? {} : { signal: options.signal }))
}

export function pieceInfo(commitment: PieceCommitment): PieceInfo {
  const { paddedSize, payloadSize } = commitment
  return { pieceCid: pieceCidV2(commitment), pieceSize: paddedSize, payloadSize }
}
