/** `@granary/protocol/header`: what a validator signs, and how the whole state follows from it: header → app hash → tree → value. */
export {
  decodeHeader,
  encodeHeader,
  type Header,
  hashTxDigests,
  hashTxs,
  type SignedHeader,
  signHeader,
} from './header.ts'
export {
  type BelievedHeader,
  type EmbeddedHeaderVerifier,
  type EmbeddedTrust,
  embeddedHeaderVerifier,
  type HeaderVerifier,
  type SignedBytes,
} from './header-verifier.ts'
export {
  appHashOf,
  bitAt,
  EMPTY_HASH,
  HASH_BYTES,
  innerHashOf,
  leafHashOf,
  pathOf,
  valueHashOf,
} from './tree-hashes.ts'
export { APP_HASH_KEY, isDerived, isInTree, OUTSIDE_KEYS, PAGES } from './tree-keys.ts'
export { faultOfProof, type TreeProof } from './verify-proof.ts'
