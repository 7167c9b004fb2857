/** CAR → piece: the commitment that the chain proves, over the CAR's bytes. docs/spec/proofs.md, pieces. */
import {
  commitPiece,
  createPieceHasher as createHasher,
  loadPairHasher,
  type PieceCommitment,
} from '@granary/proofs/piece'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { ReadOptions } from './store.ts'

export interface PieceInfo {
  readonly pieceCid: string
  /** Bytes after fr32 padding: a power of two. */
  readonly pieceSize: number
  /** Bytes of the CAR. */
  readonly payloadSize: number
}

/** Commits to bytes as they pass. */
export interface PieceHasher {
  write(bytes: Uint8Array): void
  /** Of all that was written so far. */
  digest(): PieceInfo
}

export async function pieceOf(car: AsyncIterable<Uint8Array>, options: ReadOptions = {}): Promise<PieceInfo> {
  return pieceInfo(await commitPiece(car, options.signal === undefined ? {} : { signal: options.signal }))
}

/** The quickest that runs everywhere; Node has a quicker one in `@granary/content/node`. */
export async function createPieceHasher(): Promise<PieceHasher> {
  return pieceHasherOver(createHasher(await loadPairHasher()))
}

export function pieceHasherOver(hasher: { write(bytes: Uint8Array): void; digest(): PieceCommitment }): PieceHasher {
  return { write: (bytes) => hasher.write(bytes), digest: () => pieceInfo(hasher.digest()) }
}

export function pieceInfo(commitment: PieceCommitment): PieceInfo {
  const { paddedSize, payloadSize } = commitment
  return { pieceCid: pieceCidV2(commitment), pieceSize: paddedSize, payloadSize }
}
