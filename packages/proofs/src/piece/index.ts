/** Payload → piece: fr32 padding and CommP over streams. Runs in a browser. */
export { commitPiece } from './commit-piece.ts'
export { Fr32Error, padFr32, unpadFr32 } from './fr32.ts'
export { loadPairHasher } from './load-pair-hasher.ts'
export { createPieceHasher, type PieceCommitment, type PieceHasher, paddedSizeOf } from './piece-hasher.ts'
