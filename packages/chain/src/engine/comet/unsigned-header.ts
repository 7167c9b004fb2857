/**
 * What the store keeps of a header under CometBFT. Validators sign CometBFT's own header, which its node keeps with their votes;
 * here stands what the chain itself says of the block, under the hash that those votes are for.
 */
import { type Hex, toHex } from '@granary/base'
import { encodeHeader, type Header, type SignedHeader } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { sha256 } from '@noble/hashes/sha2.js'

/** In the place of a validator that is not known. */
export const NOBODY: Hex = toHex(new Uint8Array(32))

/** @param hash of CometBFT's header; of the genesis, which it has none for, that of the bytes */
export function unsignedHeader(header: Omit<Header, 'validator'> & Partial<Header>, hash?: Hash): SignedHeader {
  const bytes = encodeHeader({ validator: NOBODY, ...header })
  return { bytes, hash: hash ?? hashOf(sha256(bytes)), signature: new Uint8Array(0) }
}

/** CometBFT has its header: here stands one that has not the hash. */
export function isUnsigned({ header, hash }: { readonly header: Uint8Array; readonly hash: Hash }): boolean {
  return hashOf(sha256(header)) !== hash
}
