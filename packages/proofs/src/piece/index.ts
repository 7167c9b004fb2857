/** Payload → piece: fr32 padding and CommP over streams. Runs in a browser. */

export { Fr32Error, padFr32, unpadFr32 } from '../spec/fr32.ts'
export { hashPairs254 } from '../spec/hash-pairs.ts'
export { loadPairHasher } from '../spec/load-pair-hasher.ts'
export { createPieceHasher, type PieceCommitment, type PieceHasher, paddedSizeOf } from '../spec/piece-hasher.ts'
export {
  type Aggregate,
  type AggregateInput,
  AggregateInputError,
  aggregatePieces,
  type InclusionProof,
  type Segment,
} from './aggregate/aggregate-pieces.ts'
export type { IndexEntry } from './aggregate/index-entry.ts'
export { readIndex } from './aggregate/read-index.ts'
export type { MerklePath } from './aggregate/sparse-tree.ts'
export {
  type InclusionInput,
  type InclusionRefusal,
  type InclusionVerdict,
  verifyInclusion,
} from './aggregate/verify-inclusion.ts'
export { commitPiece } from './commit-piece.ts'
