import { toHex } from '@granary/base'
import { type Header, type SignedHeader, signHeader } from '@granary/protocol/header'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { ed25519 } from '@noble/curves/ed25519.js'

/** Signs as the one validator of the embedded engine. @param validatorKey: ed25519 seed, 32 bytes */
export function createHeaderSigner(
  genesis: Genesis,
  validatorKey: Uint8Array,
): (header: Omit<Header, 'validator'>) => SignedHeader {
  const chain = genesisHash(genesis)
  const validator = toHex(ed25519.getPublicKey(validatorKey))
  return (header) => signHeader({ ...header, validator }, chain, validatorKey)
}
