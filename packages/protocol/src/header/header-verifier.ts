/**
 * Whether those who make a chain's blocks stand behind a header. How that shows depends on the engine: the embedded one has a
 * single validator, which signs each header itself; another engine brings the votes of many.
 */
import { fromHex, type Hex, toHex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { signatures } from '#signatures'
import type { Hash } from '../codec/types.ts'
import { type SignedHeader, signedBytes } from './header.ts'

export interface HeaderVerifier {
  /** Also that the bytes have the hash. Never throws. */
  verify(header: SignedHeader): boolean
}

export interface EmbeddedTrust {
  readonly genesisHash: Hash
  /** ed25519 public keys, 32 bytes, as the genesis has them. */
  readonly validators: readonly Hex[]
}

const SIGNATURE_BYTES = 64

/** Of the embedded engine: a header is signed by a validator of the genesis. */
export function embeddedHeaderVerifier({ genesisHash, validators }: EmbeddedTrust): HeaderVerifier {
  return {
    verify({ bytes, hash, signature }) {
      if (signature.length !== SIGNATURE_BYTES || toHex(sha256(bytes)) !== hash) return false
      const signed = signedBytes(hash, genesisHash)
      return validators.some((validator) => signatures.ed25519.verify(signature, signed, fromHex(validator)))
    },
  }
}
