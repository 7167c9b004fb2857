import { type Header, type SignedHeader, signHeader } from '@granary/protocol/header'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { soleValidator } from './sole-validator.ts'

/**
 * Signs as the one validator of the embedded engine.
 * @param validatorKey: ed25519 seed, 32 bytes
 * @throws GenesisInvalidError
 */
export function createHeaderSigner(
  genesis: Genesis,
  validatorKey: Uint8Array,
): (header: Omit<Header, 'validator'>) => SignedHeader {
  const chain = genesisHash(genesis)
  const validator = soleValidator(genesis)
  return (header) => signHeader({ ...header, validator }, chain, validatorKey)
}
