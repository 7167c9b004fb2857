/** All that a verifier needs: piece CIDs, CommD, PoRep and PoSt. Pure, total where it judges, runs in a browser. */

export { computeCommD, PieceSizeError, PiecesDoNotFitError, placePieces } from '../spec/comm-d.ts'
export {
  InvalidPieceCidError,
  type ParsedPieceCid,
  parsePieceCid,
  pieceCidFromBytes,
  pieceCidToBytes,
  pieceCidV1,
  pieceCidV2,
} from '../spec/piece-cid.ts'
export type { PoRepStatement } from '../spec/porep-layout.ts'
export { areSkips, drawSamples, type PostChallenge, type SampledSector, skipsMax } from '../spec/post-samples.ts'
export type { RefusalReason, Verdict } from './verdict.ts'
export { type PoRepInput, porepBundleBytes, verifyPoRep } from './verify-porep.ts'
export { type PostBundleShape, type PostInput, postBundleBytes, postBundleBytesMax, verifyPost } from './verify-post.ts'

export interface SectorId {
  readonly provider: number
  readonly number: number
}
