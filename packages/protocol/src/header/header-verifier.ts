/**
 * Whether those who make a chain's blocks stand behind a header. How that shows depends on the engine: the embedded one has a
 * single validator, which signs each header itself; another engine brings the votes of many.
 */
import { fromHex, type Hex, toHex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { signatures } from '#signatures'
import type { Hash } from '../codec/types.ts'
import { decodeHeader, type Header, type SignedHeader, signedBytes } from './header.ts'

/** A header as it is passed on, and what its validators have signed of it, each as the engine of the chain has it. */
export type SignedBytes = Pick<SignedHeader, 'bytes' | 'signature'>

export type BelievedHeader = Pick<Header, 'height' | 'timeMs' | 'appHash'> & { readonly hash: Hash }

export interface HeaderVerifier {
  /** @returns what the header says; undefined when it is not signed @throws GranaryError where more can be said than that */
  verify(
    signed: SignedBytes,
    options?: { readonly signal?: AbortSignal | undefined },
  ): BelievedHeader | undefined | Promise<BelievedHeader | undefined>
}

export interface EmbeddedHeaderVerifier {
  /** Never throws. */
  verify(signed: SignedBytes): (Header & BelievedHeader) | undefined
}

export interface EmbeddedTrust {
  readonly genesisHash: Hash
  /** ed25519 public keys, 32 bytes, as the genesis has them. */
  readonly validators: readonly Hex[]
}

/** Of one validator, which signs alone. */
export const SIGNATURE_BYTES = 64

/** Of the embedded engine: a header is signed by a validator of the genesis. */
export function embeddedHeaderVerifier({ genesisHash, validators }: EmbeddedTrust): EmbeddedHeaderVerifier {
  return {
    verify({ bytes, signature }) {
      if (signature.length !== SIGNATURE_BYTES) return undefined
      const hash = toHex(sha256(bytes))
      const signed = signedBytes(hash, genesisHash)
      const isSigned = validators.some((validator) => signatures.ed25519.verify(signature, signed, fromHex(validator)))
      return isSigned ? { ...decodeHeader(bytes), hash } : undefined
    },
  }
}
